// SPDX-License-Identifier: Apache-2.0
//
// How many KV payloads a second one core evaluates, over the mix of models. Context and batch
// change with every call.
#include "mix.hpp"
#include "model/kv.hpp"

int main() {
  using namespace attncalc;
  std::vector<CachePlan> plans;
  for (const Model& model : bench::load_mix()) plans.push_back(cache_plan(model));
  KvQuery query{.formats = *kv_formats("bf16", "bf16")};
  const auto one_payload = [&](long i) {
    query.tokens = 1 + i * 7919 % 1'000'003;
    query.batch = 1 + i % 257;
    const CachePlan& plan = plans[static_cast<std::size_t>(i) % plans.size()];
    return static_cast<double>(kv_payload(plan, query).value.value);
  };
  constexpr long calls = 1'000'000;
  return bench::report_rate("KV payloads", calls, one_payload);
}
