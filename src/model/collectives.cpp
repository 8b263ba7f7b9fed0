// SPDX-License-Identifier: Apache-2.0
//
// Which calls a layer makes under a placement, and how many bytes a rank sends in each.
#include "model/collectives.hpp"

#include <algorithm>
#include <cmath>

namespace attncalc {
namespace {

// The part of a message that leaves a rank when n of them gather or scatter it.
double sent(std::int64_t ranks) {
  return static_cast<double>(ranks - 1) / static_cast<double>(ranks);
}

class Calls {
 public:
  Calls(const CostPlan& plan, const Pass& pass, const CostFormats& formats)
      : plan_(plan), part_(*plan.part), p_(part_.placement), formats_(formats) {
    const bool is_prompt =
        std::ranges::find(pass.groups, Phase::prefill, &SequenceGroup::phase) != pass.groups.end();
    prompt_ = is_prompt;
    // Context parallelism cuts a prompt, not a step.
    tokens_ =
        static_cast<double>(pass.new_tokens()) / (is_prompt ? static_cast<double>(p_.cp.value) : 1);
    logits_ = logit_tokens(pass);
  }

  std::vector<Op> rows(const std::vector<Op>& ops, bool with_draft) {
    if (part_.first) all_reduce(1, stream());
    for (const PlannedLayer& layer : plan_.layers) add(layer);
    if (with_draft && part_.last) {
      for (const PlannedLayer& layer : plan_.draft) add(layer);
    }
    if (part_.last) gather_logits();
    if (p_.cp > 1 && prompt_) gather_rows(ops);
    if (!part_.last) put(OpName::p2p, 1, stream());
    return finished();
  }

 private:
  struct Sum {
    OpName name = OpName::allreduce;
    std::int64_t calls = 0;
    double bytes = 0;
  };

  double bytes_of(double elements) const {
    return data_bytes(formats_.activation, 1.0, std::ceil(elements));
  }
  // The residual stream of the replica's new tokens.
  double stream() const {
    return bytes_of(tokens_ * static_cast<double>(plan_.model->hidden.value));
  }

  double logit_tokens(const Pass& pass) const {
    double sum = 0;
    for (const SequenceGroup& g : pass.groups) {
      const bool last_only = g.phase == Phase::prefill && !pass.conventions.all_logits;
      sum += static_cast<double>(g.count.value) *
             (last_only ? 1 : static_cast<double>(g.new_tokens.value));
    }
    return sum;
  }

  void put(OpName name, std::int64_t calls, double bytes_a_call) {
    const auto at = std::ranges::find(sums_, name, &Sum::name);
    Sum& sum = at == sums_.end() ? sums_.emplace_back(Sum{.name = name}) : *at;
    sum.calls += calls;
    sum.bytes += static_cast<double>(calls) * bytes_a_call;
  }

  void all_reduce(std::int64_t calls, double message) {
    if (p_.tp > 1) put(OpName::allreduce, calls, 2 * sent(p_.tp) * message);
  }

  void add(const PlannedLayer& layer) {
    if (!layer.mixers.empty()) {
      all_reduce(layer.times, stream());
      divide_rows(layer);
    }
    const auto* m = std::get_if<Moe>(layer.channel);
    if (m && p_.ep > p_.tp) {
      exchange(*m, layer.times);
    } else if (!std::holds_alternative<NoChannelMixer>(*layer.channel)) {
      all_reduce(layer.times, stream());
    }
  }

  // Experts of several replicas: each rank brings its part of the replica's tokens to the chosen
  // experts and takes the answers back; then the replica's ranks share them.
  void exchange(const Moe& m, std::int64_t times) {
    const Dim width = m.latent > 0 ? m.latent : plan_.model->hidden;
    const double real =
        static_cast<double>(m.experts.value) / static_cast<double>((m.experts + m.zero_experts));
    const double rows = tokens_ / static_cast<double>(p_.tp.value) *
                        static_cast<double>(m.experts_per_token.value) * real;
    const double message = bytes_of(rows * static_cast<double>(width.value)) * sent(p_.ep);
    put(OpName::alltoall, 2 * times, message);
    if (p_.tp > 1) put(OpName::allgather, times, sent(p_.tp) * stream());
  }

  // A step over divided rows: every rank of a group needs the queries of all of its heads, and what
  // each found is added up.
  void divide_rows(const PlannedLayer& layer) {
    const std::int64_t ways = (Count(p_.dcp) * (prompt_ ? Count(1) : Count(p_.cp))).value;
    if (ways == 1) return;
    for (const PlannedMixer& mixer : layer.mixers) {
      const auto [queries, answers] = head_widths(*mixer.kind);
      if (answers == 0) continue;
      const double heads_here = tokens_ * static_cast<double>(p_.dcp.value);
      if (p_.dcp > 1) {
        put(OpName::allgather, layer.times, sent(p_.dcp) * bytes_of(heads_here * queries));
      }
      put(OpName::reduce_scatter, layer.times, sent(ways) * bytes_of(heads_here * answers));
    }
  }

  // Elements a token of a rank's queries and answers, where a kind has rows to divide.
  static std::pair<double, double> head_widths(const Kind& kind) {
    const auto value = [](Dim d) { return static_cast<double>(d.value); };
    if (const auto* s = std::get_if<Softmax>(&kind)) {
      return {value(s->heads) * value(s->head_dim), value(s->heads) * value(s->value_dim)};
    }
    if (const auto* s = std::get_if<Sparse>(&kind)) {
      return {value(s->heads) * value(s->head_dim), value(s->heads) * value(s->value_dim)};
    }
    if (const auto* l = std::get_if<Latent>(&kind)) {
      return {value(l->heads) * (value(l->kv_lora_rank) + value(l->rope_dim)),
              value(l->heads) * value(l->kv_lora_rank)};
    }
    return {0, 0};
  }

  void gather_logits() {
    if (p_.tp == Dim(1) || !plan_.model->embedding.has_head) return;
    const auto vocabulary = static_cast<double>(plan_.model->embedding.vocabulary.value);
    put(OpName::allgather, 1, sent(p_.tp) * bytes_of(logits_ * vocabulary));
  }

  // A divided prompt: the keys and values that each rank wrote go around to all others.
  void gather_rows(const std::vector<Op>& ops) {
    double written = 0;
    for (const Op& op : ops) written += static_cast<double>(op.kv_write.value.value);
    const double others = static_cast<double>(p_.cp.value - 1);
    std::int64_t layers = 0;
    for (const PlannedLayer& layer : plan_.layers) layers += layer.mixers.empty() ? 0 : layer.times;
    if (layers > 0) put(OpName::allgather, layers, others * written / static_cast<double>(layers));
  }

  std::vector<Op> finished() const {
    std::vector<Op> out;
    const auto group = std::ranges::find(plan_.groups, comm_group) - plan_.groups.begin();
    for (const Sum& sum : sums_) {
      Op op;
      op.name = sum.name;
      op.group = static_cast<std::uint8_t>(group);
      op.operands = {Operand::activation, Operand::none};
      op.layers = sum.calls;
      op.link = Bytes(static_cast<std::int64_t>(std::llround(sum.bytes)));
      out.push_back(op);
    }
    std::ranges::sort(out, {}, &Op::name);
    return out;
  }

  const CostPlan& plan_;
  const PlannedPart& part_;
  const Placement& p_;
  const CostFormats& formats_;
  bool prompt_ = false;
  double tokens_ = 0;
  double logits_ = 0;
  std::vector<Sum> sums_;
};

}  // namespace

std::int64_t collective_steps(OpName name, const Placement& p) {
  const std::int64_t others = std::max<std::int64_t>(p.tp, (Count(p.cp) * Count(p.dcp)).value) - 1;
  switch (name) {
    case OpName::allreduce:
      return 2 * (p.tp - 1);
    case OpName::allgather:
    case OpName::reduce_scatter:
      return others;
    case OpName::alltoall:  // all pairs at once
    case OpName::p2p:
      return 1;
    default:
      return 0;
  }
}

void add_collectives(const CostPlan& plan, const Pass& pass, const CostFormats& formats,
                     std::vector<Op>& ops) {
  Calls calls(plan, pass, formats);
  const std::vector<Op> rows = calls.rows(ops, pass.conventions.mtp);
  ops.insert(ops.end(), rows.begin(), rows.end());
}

}  // namespace attncalc
