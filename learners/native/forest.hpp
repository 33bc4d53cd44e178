// Forest: decision trees as one array of nodes, walked for blocks of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// One question. A child >= 0 is a node, a child < 0 is leaf ~child.
struct Node {
    double threshold;      // x <= threshold goes to `yes`; unused where `set` >= 0
    std::int32_t feature;
    std::int32_t set;      // the set of categories that go to `yes`, -1 where the feature is an amount
    std::int32_t child[2]; // no, yes
    std::int32_t missing;  // 1 where NaN goes to `yes`
};

// Bits of one set of categories: code c is in it where bit c is 1.
struct Categories {
    std::vector<std::uint64_t> bits;

    bool holds(double code) const {
        if (!(code >= 0) || code >= 64.0 * static_cast<double>(bits.size())) return false;
        const auto c = static_cast<std::uint64_t>(code);
        return static_cast<double>(c) == code && ((bits[c >> 6] >> (c & 63)) & 1);
    }
};

struct Forest {
    std::vector<Node> nodes;
    std::vector<Categories> sets;
    std::vector<std::int32_t> roots; // one a tree
    std::vector<double> leaves;
    std::size_t columns = 0; // how many a row must have
    std::size_t depth = 0;   // questions on the longest way

    // out[i] = the sum, in the order of the trees, of the leaf that row i of x (rows, stride) falls into.
    // `narrow` rounds the inputs to float32 first. The result does not depend on `threads`.
    void predict(const double* x, std::size_t rows, std::size_t stride, bool narrow, int threads, double* out) const;
};
