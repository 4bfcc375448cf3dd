// The graph as it is deployed: without what only training needs.
#pragma once

#include "graph/graph.h"

namespace scrim::graph {

// Folds every batch norm that alone reads a convolution into that convolution's weights and bias, and removes dropout.
// The result computes the same values; node names stay. graph and weights must be valid for each other.
void FoldForInference(Graph& graph, Weights& weights);

// Removes the nodes that the output does not depend on, and their weights. The input stays.
void RemoveUnused(Graph& graph, Weights& weights);

}  // namespace scrim::graph
