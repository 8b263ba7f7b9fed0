// SPDX-License-Identifier: Apache-2.0
//
// Each cache line of a stage is cut in two directions: its heads into `head_ways` parts and its
// rows into `row_ways` parts. Decode-context parallelism moves a factor from the first to the
// second: dcp neighbours in a tp group hold the same heads of different tokens. A recurrent state
// has one row, which no one can cut; it is cut by heads over all of tp, and copied for cp.
#include "model/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/sharding.hpp"

namespace attncalc {
namespace {

bool is_fixed(const CacheLine& line) { return std::holds_alternative<Fixed>(line.tensor.slots); }

Dim head_ways(const CacheLine& line, const Placement& p) {
  return is_fixed(line) ? p.tp : Dim(p.tp / p.dcp, p.tp.origin);
}

std::int64_t row_ways(const CacheLine& line, const Placement& p) {
  return is_fixed(line) ? 1 : (Count(p.cp) * Count(p.dcp)).value;
}

// Fewer heads than parts: neighbours hold the same head.
Share heads_of(const CacheLine& line, const Placement& placement, std::int64_t tp_rank) {
  const std::int64_t heads = line.tensor.heads;
  if (line.tensor.split == Split::whole) return {0, heads};
  const std::int64_t ways = head_ways(line, placement);
  const std::int64_t index = is_fixed(line) ? tp_rank : tp_rank / placement.dcp;
  if (ways <= heads) return share_of(heads, ways, index);
  return {(Count(index) * Count(heads)).value / ways, 1};
}

Count row_of(const CacheLine& line, const KvFormats& formats, Count heads) {
  const Format& format = format_of(line.tensor, formats);
  const Count width = line.tensor.width.value;
  return data_bytes(format, heads, width) + scale_bytes(format, heads, width);
}

Count slots_of(const CacheLine& line, const KvQuery& query) {
  return slot_count<Count>(line.tensor.slots,
                           {.tokens = query.tokens, .encoder_tokens = query.encoder_tokens});
}

// --- stages --------------------------------------------------------------------------------------

// The layers of the decoder whose cache stage `index` holds: its own, and those of earlier stages
// that its layers read.
std::set<std::uint32_t> cache_owners(const Stack& decoder, Dim pp, std::int64_t index) {
  const auto depth = static_cast<std::int64_t>(decoder.depth());
  const Share layers = share_of(depth, pp, index);
  std::set<std::uint32_t> owners;
  for (std::int64_t i = layers.first; i < layers.first + layers.count; ++i) {
    const auto at = static_cast<std::uint32_t>(i);
    owners.insert(decoder.distinct[decoder.order[at]].cache_of.value_or(at));
  }
  return owners;
}

CachePlan stage_plan(const Model& model, const Placement& placement, std::int64_t index) {
  Model stage;
  stage.decoder = model.decoder;
  stage.decoder.order.clear();
  for (const std::uint32_t layer : cache_owners(model.decoder, placement.pp, index)) {
    stage.decoder.order.push_back(model.decoder.order[layer]);
  }
  CachePlan plan = cache_plan(stage);
  std::erase_if(plan.lines, [](const CacheLine& line) { return line.layers == 0; });
  return plan;
}

// --- the fullest rank ----------------------------------------------------------------------------

template <class N>
N most_of(const N& whole, std::string_view name, Dim ways) {
  return ways == Dim(1) ? whole : ceil_div(whole, factor<N>(name, ways));
}

template <class N>
N most_heads(const CacheLine& line, const Placement& placement) {
  const N heads = factor<N>("heads", line.tensor.heads);
  if (line.tensor.split == Split::whole) return heads;
  const bool shared = placement.dcp > 1 && !is_fixed(line);
  return most_of(heads, shared ? "tp/dcp" : "tp", head_ways(line, placement));
}

template <class N>
LineBytes<N> fullest_bytes(const CacheLine& line, const KvQuery& query,
                           const Placement& placement) {
  const Format& format = format_of(line.tensor, query.formats);
  const N heads = most_heads<N>(line, placement);
  const N width = factor<N>("width", line.tensor.width);
  const N slots = slot_count<N>(line.tensor.slots,
                                {.tokens = query.tokens, .encoder_tokens = query.encoder_tokens});
  const N rows = most_of(slots, "cp × dcp", row_ways(line, placement));
  const N sequences = most_of(factor<N>("batch", query.batch), "dp", placement.dp);
  const N times = sequences * factor<N>("layers", line.layers) * rows;
  return {times * data_bytes(format, heads, width), times * scale_bytes(format, heads, width)};
}

Bytes fullest_of_stage(const CachePlan& plan, const KvQuery& query, const Placement& placement) {
  Bytes sum;
  for (const CacheLine& line : plan.lines) {
    const LineBytes<Count> bytes = fullest_bytes<Count>(line, query, placement);
    sum += Bytes(bytes.data + bytes.scale);
  }
  return sum;
}

// --- all ranks -----------------------------------------------------------------------------------

// What all ranks hold of one row, beside the row itself.
struct RowExcess {
  Count copies;   // heads, or the whole row, on more than one rank
  Count padding;  // blocks of a format that the cut between heads breaks
  Count held;     // all of it
};

RowExcess row_excess(const CacheLine& line, const KvFormats& formats, const Placement& placement) {
  const Count heads = line.tensor.heads.value;
  const Count ways = head_ways(line, placement).value;
  const Count once = row_of(line, formats, heads);
  if (line.tensor.split == Split::whole) return {once * (ways - 1), 0, once * ways};
  const Count each = floor_div(heads, ways);
  const Count left = heads - each * ways;
  const bool copied = heads < ways;
  const Count held =
      copied ? ways * row_of(line, formats, 1)
             : left * row_of(line, formats, each + 1) + (ways - left) * row_of(line, formats, each);
  const Count in_one_piece = row_of(line, formats, copied ? ways : heads);
  return {in_one_piece - once, held - in_one_piece, held};
}

struct Item {
  std::string_view name;
  std::string why;
};

Item copies_item(const CacheLine& line, const Placement& placement) {
  const auto tp = placement.tp.value;
  const std::string_view component = component_name(line.tensor.component);
  const auto heads = line.tensor.heads.value;
  switch (line.tensor.split) {
    case Split::whole:
      return {"tp_copies",
              fmt::format("{} has no heads to divide: whole on each of the tp {} ranks", line.label,
                          tp)};
    case Split::groups:
      return {"group_copies", fmt::format("{} groups of {} on tp {}: at least one on each rank",
                                          heads, component, tp)};
    default:
      return {"kv_head_copies",
              fmt::format("{} KV heads on tp {}: at least one on each rank", heads, tp)};
  }
}

class Items {
 public:
  void add(const Item& item, Bytes bytes) {
    if (bytes == Bytes(0)) return;
    const auto at = std::find_if(items_.begin(), items_.end(), [&](const AllocationItem& old) {
      return old.name == item.name && old.why == item.why;
    });
    if (at == items_.end()) {
      items_.push_back({std::string(item.name), bytes, item.why});
    } else {
      at->bytes += bytes;
    }
  }
  std::vector<AllocationItem> take() { return std::move(items_); }

 private:
  std::vector<AllocationItem> items_;
};

Bytes add_line(const CacheLine& line, const KvQuery& query, const Placement& placement,
               Items& items) {
  const Count rows = slots_of(line, query) * Count(query.batch) * Count(line.layers);
  const RowExcess row = row_excess(line, query.formats, placement);
  const Count cp_copies = is_fixed(line) ? Count(placement.cp) - 1 : Count(0);
  items.add(copies_item(line, placement), Bytes(rows * row.copies));
  items.add({"format_padding", "blocks of the format do not end between the heads of two ranks"},
            Bytes(rows * row.padding));
  items.add({"cp_copies", fmt::format("a state has no tokens to divide: on each of the cp {} ranks",
                                      placement.cp.value)},
            Bytes(rows * row.held * cp_copies));
  return Bytes(rows * row.held * (cp_copies + 1));
}

PlacedKv placed(const Model& model, const KvQuery& query, const Placement& placement) {
  PlacedKv out;
  out.devices = placement.devices();
  Items items;
  Bytes once;  // the payload of all stages: caches that two stages hold count twice
  for (std::int64_t stage = 0; stage < placement.pp; ++stage) {
    const CachePlan plan = stage_plan(model, placement, stage);
    once += kv_payload(plan, query);
    out.per_device = std::max(out.per_device, fullest_of_stage(plan, query, placement));
    for (const CacheLine& line : plan.lines) out.total += add_line(line, query, placement, items);
  }
  items.add({"shared_cache_copies", "layers read a cache that another stage owns"},
            once - kv_payload(cache_plan(model), query));
  out.allocation = items.take();
  return out;
}

// --- what is refused -----------------------------------------------------------------------------

void refuse_unless_divides(std::vector<std::string>& faults, std::int64_t tp, std::string_view of,
                           std::int64_t heads) {
  if (heads % tp == 0) return;
  std::string fault = fmt::format("tp is {}; it must divide the {} {}", tp, heads, of);
  if (std::ranges::find(faults, fault) == faults.end()) faults.push_back(std::move(fault));
}

// A kind whose queries have heads needs as many on every rank; its cache may well be copied.
void check_query_heads(const Model& model, std::int64_t tp, std::vector<std::string>& faults) {
  for (const Layer& layer : model.decoder.distinct) {
    for (const Kind& mixer : layer.mixers) {
      std::visit(
          [&](const auto& kind) {
            if constexpr (requires { kind.heads; }) {
              refuse_unless_divides(faults, tp, "attention heads", kind.heads);
            }
          },
          mixer);
    }
  }
}

// Checks the placement, and answers with a problem where a figure leaves 64 bits.
template <class F>
auto checked(const Model& model, const Placement& placement, F&& figure)
    -> Result<decltype(figure())> {
  try {
    if (const auto faults = placement_faults(model, placement); !faults.empty()) {
      return usage_problems(faults);
    }
    return figure();
  } catch (const Overflow& overflow) {
    return usage_problem(
        fmt::format("the KV cache on these devices is too large: {}", overflow.what()));
  }
}

Bytes rank_bytes(const CacheLine& line, const KvQuery& query, const Placement& p,
                 const Rank& rank) {
  const std::int64_t ways = row_ways(line, p);
  const std::int64_t part = ways == 1 ? 0 : rank.cp * p.dcp + rank.tp % p.dcp;
  const Count rows = share_of(slots_of(line, query).value, ways, part).count;
  const Count sequences = share_of(query.batch, p.dp, rank.dp).count;
  const Count heads = heads_of(line, p, rank.tp).count;
  return Bytes(rows * sequences * Count(line.layers) * row_of(line, query.formats, heads));
}

std::int64_t fullest_stage(const Model& model, const KvQuery& query, const Placement& placement) {
  std::int64_t best = 0;
  Bytes most;
  for (std::int64_t stage = 0; stage < placement.pp; ++stage) {
    const Bytes bytes = fullest_of_stage(stage_plan(model, placement, stage), query, placement);
    if (bytes > most) {
      most = bytes;
      best = stage;
    }
  }
  return best;
}

std::string tensor_text(const CacheLine& line) {
  return fmt::format("{} ({})", component_name(line.tensor.component), line.label);
}

// The last rank that holds the same heads as `rank`.
std::int64_t last_alike(const CacheLine& line, const Placement& p, std::int64_t rank) {
  const std::int64_t heads = line.tensor.heads;
  const std::int64_t ways = head_ways(line, p);
  const std::int64_t ranks_a_way = is_fixed(line) ? 1 : p.dcp.value;
  const std::int64_t index = rank / ranks_a_way;
  if (ways <= heads) return (index + 1) * ranks_a_way - 1;
  const Count next_head = heads_of(line, p, rank).first + 1;
  return ceil_div(next_head * Count(ways), heads).value * ranks_a_way - 1;
}

void add_head_shares(const CacheLine& line, const Placement& p, std::vector<HeadShare>& out) {
  if (line.tensor.split == Split::whole) {
    out.push_back({tensor_text(line), 0, p.tp - 1, 0, line.tensor.heads - 1, true});
    return;
  }
  for (std::int64_t rank = 0; rank < p.tp;) {
    const Share heads = heads_of(line, p, rank);
    const std::int64_t last = last_alike(line, p, rank);
    out.push_back(
        {tensor_text(line), rank, last, heads.first, heads.first + heads.count - 1, false});
    rank = last + 1;
  }
}

}  // namespace

std::vector<std::string> placement_faults(const Model& model, const Placement& p) {
  std::vector<std::string> faults =
      faults_below_one({{"tp", p.tp}, {"pp", p.pp}, {"dp", p.dp}, {"cp", p.cp}, {"dcp", p.dcp}});
  if (!faults.empty()) return faults;
  if (p.tp % p.dcp != 0) {
    faults.push_back(fmt::format("dcp is {}; it must divide tp, {}", p.dcp.value, p.tp.value));
  }
  const auto depth = static_cast<std::int64_t>(model.decoder.depth());
  if (p.pp > depth) {
    faults.push_back(fmt::format("pp is {}; the model has {} layers", p.pp.value, depth));
  }
  check_query_heads(model, p.tp, faults);
  for (const CacheLine& line : cache_plan(model).lines) {
    if (line.tensor.split != Split::heads) continue;
    const std::string what = fmt::format("heads of {}", component_name(line.tensor.component));
    refuse_unless_divides(faults, p.tp, what, line.tensor.heads);
  }
  return faults;
}

Result<PlacedKv> place_kv(const Model& model, const KvQuery& query, const Placement& placement) {
  return checked(model, placement, [&] { return placed(model, query, placement); });
}

Result<Bytes> rank_kv(const Model& model, const KvQuery& query, const Placement& placement,
                      const Rank& rank) {
  return checked(model, placement, [&] {
    Bytes sum;
    for (const CacheLine& line : stage_plan(model, placement, rank.pp).lines) {
      sum += rank_bytes(line, query, placement, rank);
    }
    return sum;
  });
}

Result<std::vector<Explained>> explain_placed(const Model& model, const KvQuery& query,
                                              const Placement& placement) {
  return checked(model, placement, [&] {
    std::vector<Explained> out;
    const std::int64_t stage = fullest_stage(model, query, placement);
    for (const CacheLine& line : stage_plan(model, placement, stage).lines) {
      const LineBytes<Traced> bytes = fullest_bytes<Traced>(line, query, placement);
      out.push_back({tensor_text(line), bytes.data});
      if (bytes.scale.value > Count(0))
        out.push_back({"scales of " + tensor_text(line), bytes.scale});
    }
    return out;
  });
}

std::vector<HeadShare> head_shares(const Model& model, const Placement& placement) {
  std::vector<HeadShare> out;
  for (const CacheLine& line : cache_plan(model).lines) add_head_shares(line, placement, out);
  return out;
}

}  // namespace attncalc
