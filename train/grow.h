// A wider network that starts as a narrower one.
#pragma once

#include "graph/graph.h"

namespace scrim::train {

// Gives a network what another has learned: channel by channel, along the names of their nodes, through concatenations.
// Where `to` is wider or deeper, its further channels keep the weights that they have and nothing of the old ones reads
// them yet, so that it begins as about the same function (Chen et al. 2016, Net2Net, section 3; not exactly, where
// means over channels or further residual blocks are); where it is narrower, the first channels are taken. A larger
// kernel begins as the smaller one with zeros around it, a smaller one as the larger one's middle. A convolution of
// another stride is another one. Returns the number of parameters taken, statistics not counted. Both maps must fit
// their graphs.
int64_t Grow(const graph::Graph& from_graph, const graph::Weights& from, const graph::Graph& to_graph,
             graph::Weights* to);

}  // namespace scrim::train
