// SPDX-License-Identifier: Apache-2.0
//
// `attncalc mask`: patterns named on the command line, or those of a model's layers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/unit_text.hpp"
#include "cli/model_inputs.hpp"
#include "cli/verbs.hpp"
#include "cli/write.hpp"
#include "report/mask_report.hpp"

namespace attncalc {
namespace {

struct MaskFlags {
  ModelFlags model;
  std::vector<std::string> masks;
  TextFlag ctx, index_block, row, line, dump;
  bool brute = false;
  OutputFlags output;
};

Command mask_command(MaskFlags& f) {
  const FlagGroup patterns = {
      "patterns (in place of a model)",
      {{"--mask", "PATTERN",
        "may be repeated; looking back: causal, window:W,sinks=S, chunk:C, topk:K,\n"
        "dilated:W,dilation=D, strided:S, fixed:S,summaries=C; to both sides: everything,\n"
        "bands:R,dilation=D,globals=G (Longformer; R to either side),\n"
        "bigbird:R,globals=G,random=N,block=B,seed=X,draws=distinct|any",
        &f.masks}}};
  const FlagGroup shape = {
      "figures",
      {{"--ctx", "TOKENS", "tokens, all of them new", &f.ctx, "-c"},
       {"--brute", "", "draw every pair and count (up to 8192 tokens)", &f.brute},
       {"--dump", "FILE", "write the drawing of the one pattern: a line a token, 1 where it sees",
        &f.dump},
       {"--index-block", "N", "tokens of a block in a BSR index (default: 64)", &f.index_block},
       {"--row-bytes", "SIZE", "of a key in the cache (default: 256 B, 128 elements of 2 bytes)",
        &f.row},
       {"--line", "SIZE", "of a cache line (default: 64 B)", &f.line}}};
  return {
      .name = "attncalc mask",
      .summary = "Who sees whom: pairs, sparsity, layers to span a context, bytes of an index.",
      .about =
          "Closed forms; --brute draws the mask and counts it pair by pair. With random keys the\n"
          "closed form is the expected number, the drawing is exact for its seed.",
      .groups = {flag_group(f.model), patterns, shape, flag_group(f.output, CanExplain::no)},
      .examples = {{"what do a model's layers see?", "attncalc mask -m gemma-3-27b -c 32k"},
                   {"a window with sinks, counted",
                    "attncalc mask --mask window:64,sinks=4 -c 1024 --brute"},
                   {"BigBird, expected and drawn with a seed",
                    "attncalc mask --mask bigbird:1,globals=2,random=3,block=64,seed=1 -c 4k "
                    "--brute"}}};
}

// --- reading a pattern ---------------------------------------------------------------------------

// "bigbird:1,globals=2": a name, a number, and numbers by name.
class PatternText {
 public:
  explicit PatternText(std::string_view text) : text_(text) {
    const std::size_t colon = text.find(':');
    name_ = text.substr(0, colon);
    std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      add(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    }
  }

  std::string_view name() const { return name_; }

  std::int64_t number(std::string_view key, std::int64_t least, std::int64_t otherwise,
                      Gather& problems) {
    const Part* part = find(key);
    if (part == nullptr) return otherwise;
    const std::string what = fmt::format("--mask {} {}", name_, key);
    const std::int64_t value = part->value == "0" && least == 0
                                   ? 0
                                   : problems.take(parse_tokens(part->value, what), least);
    if (value <= units::mebi || is_tokens(key)) return value;
    problems.add(usage_problem(fmt::format("{} is {}; it can be at most 2^20", what, value)));
    return least;
  }
  // The number behind the colon.
  std::int64_t first(std::string_view what, std::int64_t least, Gather& problems) {
    if (find("") == nullptr) {
      problems.add(usage_problem(fmt::format("--mask {} needs {}", name_, what),
                                 fmt::format("write {}:64", name_)));
    }
    return number("", least, 1, problems);
  }
  std::string word(std::string_view key) {
    const Part* part = find(key);
    return part == nullptr ? std::string() : std::string(part->value);
  }
  // What nobody asked for is a slip.
  void check_leftovers(Gather& problems) const {
    for (const Part& part : parts_) {
      if (part.asked) continue;
      const std::string said = part.key.empty() ? fmt::format("takes no number, as in '{}'", text_)
                                                : fmt::format("has no '{}'", part.key);
      problems.add(
          usage_problem(fmt::format("--mask {} {}", name_, said), did_you_mean(part.key, asked_)));
    }
  }

 private:
  struct Part {
    std::string_view key, value;
    bool asked = false;
  };
  void add(std::string_view part) {
    const std::size_t at = part.find('=');
    if (at == std::string_view::npos) {
      parts_.push_back({"", part});
    } else {
      parts_.push_back({part.substr(0, at), part.substr(at + 1)});
    }
  }
  static bool is_tokens(std::string_view key) { return key.empty() || key == "seed"; }
  const Part* find(std::string_view key) {
    if (!key.empty()) asked_.push_back(key);
    const auto at = std::ranges::find(parts_, key, &Part::key);
    if (at == parts_.end()) return nullptr;
    at->asked = true;
    return &*at;
  }

  std::string_view text_, name_;
  std::vector<Part> parts_;
  std::vector<std::string_view> asked_;
};

Pattern read_window(PatternText& t, Gather& problems) {
  return Mask::window(t.first("a number of tokens", 1, problems),
                      t.number("sinks", 0, 0, problems));
}
Pattern read_chunk(PatternText& t, Gather& problems) {
  return Mask::chunk(t.first("a number of tokens", 1, problems));
}
Pattern read_top_k(PatternText& t, Gather& problems) {
  return Mask::top_k(t.first("how many are read", 1, problems));
}
Pattern read_dilated(PatternText& t, Gather& problems) {
  return Mask::dilated(t.first("how many are seen", 1, problems),
                       t.number("dilation", 1, 2, problems));
}
Pattern read_strided(PatternText& t, Gather& problems) {
  return Mask::strided(t.first("a stride", 1, problems));
}
// Sparse Transformer's second pattern: the block that the token is in, and the last tokens of each.
Pattern read_fixed(PatternText& t, Gather& problems) {
  Sparse s;
  s.stride = Dim(t.first("a stride", 1, problems));
  s.summaries = Dim(t.number("summaries", 1, 1, problems));
  s.local = Dim(t.number("local", 1, s.stride->value, problems));
  return s;
}
Pattern read_causal(PatternText&, Gather&) { return Mask::causal(); }
Pattern read_everything(PatternText&, Gather&) { return Mask::everything(); }
Pattern read_bands(PatternText& t, Gather& problems) {
  Bands b;
  b.radius = t.first("a radius", 0, problems);
  b.dilation = t.number("dilation", 1, 1, problems);
  b.globals = t.number("globals", 0, 0, problems);
  b.block = t.number("block", 1, 1, problems);
  return b;
}
Pattern read_bigbird(PatternText& t, Gather& problems) {
  Bands b;
  b.radius = t.first("a radius in blocks", 0, problems);
  b.globals = t.number("globals", 0, 2, problems);
  b.random = t.number("random", 0, 3, problems);
  b.block = t.number("block", 1, 64, problems);
  b.seed = static_cast<std::uint64_t>(t.number("seed", 0, 0, problems));
  const std::string draws = t.word("draws");
  if (draws == "any") b.draws = Bands::Draws::any;
  if (!draws.empty() && draws != "any" && draws != "distinct") {
    problems.add(usage_problem(
        fmt::format("--mask bigbird draws is '{}'; it can be distinct or any", draws)));
  }
  return b;
}

struct PatternRow {
  std::string_view name;
  Pattern (*read)(PatternText& text, Gather& problems);
};
constexpr PatternRow pattern_rows[] = {
    {"causal", read_causal},   {"window", read_window},         {"chunk", read_chunk},
    {"topk", read_top_k},      {"dilated", read_dilated},       {"strided", read_strided},
    {"fixed", read_fixed},     {"everything", read_everything}, {"bands", read_bands},
    {"bigbird", read_bigbird},
};

std::optional<Pattern> read_pattern(std::string_view text, Gather& problems) {
  PatternText parts(text);
  const auto row = std::ranges::find(pattern_rows, parts.name(), &PatternRow::name);
  if (row != std::end(pattern_rows)) {
    Pattern pattern = row->read(parts, problems);
    parts.check_leftovers(problems);
    return pattern;
  }
  std::vector<std::string_view> names;
  for (const PatternRow& known : pattern_rows) names.push_back(known.name);
  const std::string near = did_you_mean(parts.name(), names);
  problems.add(usage_problem(
      fmt::format("--mask has no pattern '{}'", parts.name()),
      near.empty() ? fmt::format("the patterns are {}", fmt::join(names, ", ")) : near));
  return std::nullopt;
}

// --- the patterns of a model ---------------------------------------------------------------------

struct NamedPattern {
  std::string name;
  Pattern pattern;
};

// What a layer of this kind sees; a compressed one sees its window and summaries of the rest.
std::vector<NamedPattern> patterns_of(const Kind& kind) {
  const std::string name = label(kind);
  return std::visit(
      [&](const auto& k) -> std::vector<NamedPattern> {
        using K = std::decay_t<decltype(k)>;
        if constexpr (std::is_same_v<K, Sparse>) {
          return {{name, k}};
        } else if constexpr (std::is_same_v<K, Compressed>) {
          std::vector<NamedPattern> both = {{name + " window", Mask::window(k.window)}};
          if (k.ratio > 0) both.push_back({name + " summaries", k.summary_mask()});
          return both;
        } else if constexpr (requires { k.mask(); }) {
          return {{name, k.mask()}};
        } else {
          return {};
        }
      },
      kind);
}

void add_model_row(MaskAnswer& a, const NamedPattern& named, std::int64_t times) {
  const auto known = std::ranges::find(a.rows, named.name, &MaskRow::name);
  if (known != a.rows.end()) {
    *known->layers += times;
    return;
  }
  const bool looks_back = a.model->decoder.caches;  // an encoder sees its whole input
  a.rows.push_back({.name = named.name,
                    .layers = times,
                    .pattern = looks_back ? named.pattern : Pattern(Mask::everything())});
}

void add_model_rows(MaskAnswer& a) {
  const Stack& stack = a.model->decoder;
  const std::vector<std::int64_t> times = stack.times();
  for (std::size_t i = 0; i < stack.distinct.size(); ++i) {
    for (const Kind& kind : stack.distinct[i].mixers) {
      const std::vector<NamedPattern> patterns = patterns_of(kind);
      for (const NamedPattern& named : patterns) add_model_row(a, named, times[i]);
      const std::string name = label(kind);
      const bool is_new = std::ranges::find(a.without, name) == a.without.end();
      if (patterns.empty() && is_new) a.without.push_back(name);
    }
  }
}

// --- figures -------------------------------------------------------------------------------------

std::optional<std::vector<Run>> runs_of(const Pattern& pattern, const DrawnPattern* drawn,
                                        std::int64_t tokens) {
  if (drawn != nullptr) return drawn->runs(tokens - 1);
  const auto* mask = std::get_if<Mask>(&pattern);
  return mask == nullptr ? std::nullopt : last_runs(*mask, tokens);
}

std::optional<double> blocks_of(const Pattern& pattern, const DrawnPattern* drawn,
                                const MaskScenario& s) {
  if (drawn != nullptr) return drawn->blocks(s.index_block);
  const std::optional<Pattern> blocks = over_blocks(pattern, s.index_block);
  if (!blocks) return std::nullopt;
  return pattern_pairs(*blocks, (s.tokens + s.index_block - 1) / s.index_block);
}

void fill(MaskRow& row, const MaskScenario& s) {
  row.pairs = pattern_pairs(row.pattern, s.tokens);
  row.all = all_pairs(row.pattern, s.tokens);
  row.span = layers_to_span(row.pattern, s.tokens);
  std::optional<DrawnPattern> drawing;
  if (s.brute && can_be_drawn(row.pattern)) drawing.emplace(row.pattern, s.tokens);
  const DrawnPattern* drawn = drawing ? &*drawing : nullptr;
  if (drawn != nullptr) {
    row.drawn_pairs = drawn->pairs();
    if (!is_two_sided(row.pattern) || s.tokens <= most_spanned_tokens)
      row.span = {true, drawn->layers_to_span()};
  }
  row.csr = csr_bytes(std::ceil(row.drawn_pairs.value_or(row.pairs)), s.tokens);
  if (const auto blocks = blocks_of(row.pattern, drawn, s))
    row.bsr = bsr_bytes(*blocks, s.tokens, s.index_block);
  const std::int64_t bytes = s.row.value.value, line = s.line.value.value;
  const auto* mask = std::get_if<Mask>(&row.pattern);
  if (const auto runs = runs_of(row.pattern, drawn, s.tokens)) {
    row.lines = gathered_lines(*runs, bytes, line);
  } else if (mask != nullptr && mask->form == Mask::Form::top_k) {
    row.lines = scattered_lines(std::min<std::int64_t>(mask->tokens, s.tokens), bytes, line);
  }
}

// --- the answer ----------------------------------------------------------------------------------

void read_rows(const MaskFlags& flags, ModelShelf& shelf, MaskAnswer& a, Gather& problems) {
  if (flags.model.model && !flags.masks.empty()) {
    problems.add(
        usage_problem("--model and --mask do not go together: masks are a model's or "
                      "named"));
  }
  if (!flags.model.model && flags.masks.empty()) {
    problems.add(
        usage_problem("neither --mask nor --model says what is seen", "write --mask window:4096"));
  }
  for (const std::string& text : flags.masks) {
    if (const auto pattern = read_pattern(text, problems))
      a.rows.push_back({.name = text, .pattern = *pattern});
  }
  if (flags.model.model && flags.masks.empty()) {
    Result<Model> model = shelf.load(flags.model);
    if (!model) return problems.add(model.problems());
    a.model = *std::move(model);
    add_model_rows(a);
    if (a.rows.empty()) problems.add(usage_problem("no layer of this model has a mask"));
  }
}

void read_scenario(const MaskFlags& flags, MaskAnswer& a, Gather& problems) {
  constexpr std::int64_t usual_row = 256, usual_line = 64;
  MaskScenario& s = a.scenario;
  if (a.model) {
    s.tokens = read_context(flags.ctx, *a.model, problems);
  } else if (flags.ctx) {
    s.tokens = problems.take(parse_tokens(*flags.ctx, "--ctx"), std::int64_t{1});
  } else {
    problems.add(usage_problem("--ctx is missing", "write --ctx 4k"));
  }
  if (flags.index_block)
    s.index_block = problems.take(parse_count(*flags.index_block, "--index-block"), s.index_block);
  const auto size = [&](const TextFlag& flag, std::string_view name, std::int64_t otherwise) {
    const Bytes value = flag ? problems.take(parse_bytes(*flag, name), Bytes(1)) : Bytes(otherwise);
    if (value >= Bytes(1) && value <= Bytes(units::mebi)) return value;
    problems.add(usage_problem(fmt::format("{} must be from 1 B to 1 MiB", name)));
    return Bytes(1);
  };
  s.row = size(flags.row, "--row-bytes", usual_row);
  s.line = size(flags.line, "--line", usual_line);
  s.brute = flags.brute;
  s.dump = flags.dump.value_or("");
}

void check_drawing(const MaskAnswer& a, Gather& problems) {
  const MaskScenario& s = a.scenario;
  const bool draws = s.brute || !s.dump.empty();
  if (draws && s.tokens > most_drawn_tokens) {
    problems.add(usage_problem(fmt::format("{} draws up to {} tokens; --ctx is {}",
                                           s.brute ? "--brute" : "--dump", most_drawn_tokens,
                                           s.tokens.value)));
  }
  if (s.dump.empty()) return;
  if (a.rows.size() != 1) {
    problems.add(
        usage_problem(fmt::format("--dump writes one pattern; there are {}", a.rows.size()),
                      "name one by --mask"));
  } else if (!can_be_drawn(a.rows.front().pattern)) {
    problems.add(usage_problem(
        fmt::format("{} cannot be drawn: the scores decide who is seen", a.rows.front().name)));
  }
}

std::optional<Problem> compute(MaskAnswer& a) {
  try {
    for (MaskRow& row : a.rows) fill(row, a.scenario);
  } catch (const Overflow&) {
    return usage_problem("so many rows cannot be gone through one by one", "a smaller --ctx");
  }
  if (a.scenario.dump.empty()) return std::nullopt;
  return write_file(a.scenario.dump,
                    DrawnPattern(a.rows.front().pattern, a.scenario.tokens).text());
}

Result<MaskAnswer> answer(const MaskFlags& flags, ModelShelf& shelf) {
  MaskAnswer a;
  Gather problems;
  read_rows(flags, shelf, a, problems);
  if (flags.model.model && !a.model) return problems.take_problems();
  read_scenario(flags, a, problems);
  if (!problems.failed()) check_drawing(a, problems);
  if (problems.failed()) return problems.take_problems();
  if (std::optional<Problem> failed = compute(a)) return *std::move(failed);
  return a;
}

}  // namespace

Question mask_question() {
  const auto flags = std::make_shared<MaskFlags>();
  return {.command = mask_command(*flags),
          .output = {flags, &flags->output},
          .answer = [flags](ModelShelf& shelf) -> Result<Answer> {
            Result<MaskAnswer> a = answer(*flags, shelf);
            if (!a) return a.problems();
            return answer_of(*std::move(a), mask_report, mask_json);
          }};
}

}  // namespace attncalc
