// Shap: leaf by leaf instead of row by row. On the way to a leaf stand d different columns; column k lets the row
// through (o = 1) or not (o = 0), and a share z of the training rows. With v the leaf's value,
//
//   phi_j = v (o_j - z_j) sum over S in the others of |S|! (d - 1 - |S|)! / d! prod_S o_k prod_not-S z_k
//         = v (o_j - z_j) integral from 0 to 1 of prod_(k != j) (z_k (1 - t) + o_k t) dt,
//
// the Beta integral. Its integrand has the degree d - 1: Gauss and Legendre's rule with (d + 1) / 2 points is exact,
// and nothing in it cancels. There are at most 2^d different answers to the d questions, so that each is worked out
// once and kept (Yang, Fast TreeSHAP, 2021, does so with another formula).
#include "cloned.hpp"
#include "over_series.hpp"
#include "shap.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

constexpr std::size_t CHUNK = 5120; // rows that pass through all trees together
constexpr std::size_t KEPT = 12;     // columns on a path up to which the answers are kept

struct Rule {
    std::vector<double> points, weights; // on [0, 1]
};

// Gauss and Legendre's rule of `size` points, by Newton's method on the polynomial.
Rule rule_of(std::size_t size) {
    Rule rule;
    const double n = static_cast<double>(size);
    for (std::size_t i = 0; i < size; i++) {
        double x = std::cos(3.14159265358979323846 * (static_cast<double>(i) + 0.75) / (n + 0.5)), slope = 1.0;
        for (int turn = 0; turn < 100; turn++) {
            double before = 1.0, now = x;
            for (std::size_t k = 2; k <= size; k++) {
                const double m = static_cast<double>(k);
                const double next = ((2.0 * m - 1.0) * x * now - (m - 1.0) * before) / m;
                before = now;
                now = next;
            }
            slope = n * (x * now - before) / (x * x - 1.0);
            const double step = now / slope;
            x -= step;
            if (std::fabs(step) < 1e-16) break;
        }
        rule.points.push_back(0.5 * (1.0 + x));
        rule.weights.push_back(1.0 / ((1.0 - x * x) * slope * slope));
    }
    return rule;
}

struct Question {
    std::size_t feature;
    double share;                                        // z
    std::vector<std::pair<std::size_t, bool>> questions; // node of the tree (counted from its root), and the way
};

struct Path {
    double value;
    std::vector<Question> columns;
};

struct Tree {
    std::vector<std::int32_t> nodes;
    std::vector<Path> paths; // to leaves that say something
    double expected = 0.0;
};

double covered(const Forest& forest, const double* cover, std::int32_t at) {
    if (at < 0) return cover[~at];
    return covered(forest, cover, forest.nodes[at].child[0]) + covered(forest, cover, forest.nodes[at].child[1]);
}

// Gathers the paths below `at`, which `total` of the cover reaches.
void grow(const Forest& forest, const double* cover, std::int32_t at, double total, double reach, const Path& so_far,
          Tree& tree) {
    if (at < 0) {
        tree.expected += reach * forest.leaves[~at];
        tree.paths.push_back(so_far);
        tree.paths.back().value = forest.leaves[~at];
        return;
    }
    const Node& node = forest.nodes[at];
    const std::size_t place = tree.nodes.size();
    tree.nodes.push_back(at);
    for (const bool way : {false, true}) {
        const double below = covered(forest, cover, node.child[way]);
        const double share = total > 0.0 ? below / total : 0.5;
        Path path = so_far;
        const auto feature = static_cast<std::size_t>(node.feature);
        auto found = std::find_if(path.columns.begin(), path.columns.end(),
                                  [&](const Question& one) { return one.feature == feature; });
        if (found == path.columns.end()) found = path.columns.insert(path.columns.end(), {feature, 1.0, {}});
        found->share *= share;
        found->questions.emplace_back(place, way);
        grow(forest, cover, node.child[way], below, reach * share, path, tree);
    }
}

// phi_j of all d columns for one set of answers, written `stride` apart.
void worked_out(const Path& path, const Rule& rule, const std::uint8_t* open, std::size_t apart, double* work,
                double* out, std::size_t stride) {
    const std::size_t d = path.columns.size();
    for (std::size_t j = 0; j < d; j++) out[j * stride] = 0.0;
    for (std::size_t q = 0; q < rule.points.size(); q++) {
        const double t = rule.points[q];
        double product = rule.weights[q];
        for (std::size_t k = 0; k < d; k++) { // what comes before k, then times what comes after it
            work[k] = product;
            product *= path.columns[k].share * (1.0 - t) + (open[k * apart] ? t : 0.0);
        }
        product = 1.0;
        for (std::size_t k = d; k-- > 0;) {
            out[k * stride] += work[k] * product;
            product *= path.columns[k].share * (1.0 - t) + (open[k * apart] ? t : 0.0);
        }
    }
    for (std::size_t k = 0; k < d; k++)
        out[k * stride] *= path.value * ((open[k * apart] ? 1.0 : 0.0) - path.columns[k].share);
}

// Where an amount was at most `threshold`, or missing and NaN counts as that.
CLONED void compared(const double* values, double threshold, bool missing, std::size_t rows, std::uint8_t* out) {
    if (missing)
        for (std::size_t i = 0; i < rows; i++) out[i] = !(values[i] > threshold);
    else
        for (std::size_t i = 0; i < rows; i++) out[i] = values[i] <= threshold;
}

CLONED void joined(const std::uint8_t* from, std::uint8_t turned, std::size_t rows, std::uint8_t* to) {
    for (std::size_t i = 0; i < rows; i++) to[i] = static_cast<std::uint8_t>(to[i] & (from[i] ^ turned));
}

CLONED void marked(const std::uint8_t* from, unsigned k, std::size_t rows, std::uint16_t* masks) {
    for (std::size_t i = 0; i < rows; i++)
        masks[i] = static_cast<std::uint16_t>(masks[i] | (static_cast<unsigned>(from[i]) << k));
}

CLONED void added(const double* from, const std::uint16_t* masks, std::size_t rows, double* to) {
    for (std::size_t i = 0; i < rows; i++) to[i] += from[masks[i]];
}

// One chunk of rows; what it needs is kept from leaf to leaf.
class Chunk {
public:
    Chunk(const Forest& forest, const std::vector<Rule>& rules, const double* x, std::size_t rows, std::size_t columns,
          bool narrow)
        : forest(forest), rules(rules), rows(rows), columns(columns), x(rows * columns), sums(rows * columns, 0.0),
          masks(rows) {
        for (std::size_t i = 0; i < rows; i++)
            for (std::size_t c = 0; c < columns; c++) {
                const double value = x[i * columns + c];
                this->x[c * rows + i] = narrow ? static_cast<double>(static_cast<float>(value)) : value;
            }
    }

    void add(const Tree& tree) {
        asked.resize(std::max(asked.size(), tree.nodes.size() * rows));
        for (std::size_t n = 0; n < tree.nodes.size(); n++) {
            const Node& node = forest.nodes[tree.nodes[n]];
            const double* values = &x[static_cast<std::size_t>(node.feature) * rows];
            std::uint8_t* to = &asked[n * rows];
            if (node.set < 0)
                compared(values, node.threshold, node.missing != 0, rows, to);
            else
                for (std::size_t i = 0; i < rows; i++)
                    to[i] = (values[i] != values[i] && node.missing) || forest.sets[node.set].holds(values[i]);
        }
        for (const Path& path : tree.paths) add(path);
    }

    void write(double* out) const {
        for (std::size_t i = 0; i < rows; i++)
            for (std::size_t c = 0; c < columns; c++) out[i * columns + c] = sums[c * rows + i];
    }

private:
    const Forest& forest;
    const std::vector<Rule>& rules;
    std::size_t rows, columns;
    std::vector<double> x, sums; // (columns, rows)
    std::vector<std::uint16_t> masks;
    std::vector<std::uint8_t> asked, open; // (nodes, rows) and (columns of a path, rows): 1 for yes
    std::vector<double> table, work;
    std::vector<std::uint8_t> filled, bits;

    void add(const Path& path) {
        const std::size_t d = path.columns.size();
        open.resize(std::max(open.size(), d * rows));
        work.resize(std::max(work.size(), 2 * d));
        for (std::size_t k = 0; k < d; k++) {
            std::uint8_t* to = &open[k * rows];
            std::fill(to, to + rows, std::uint8_t{1});
            for (const auto& [node, way] : path.columns[k].questions) joined(&asked[node * rows], way ? 0 : 1, rows, to);
        }
        if (d <= KEPT) return add_kept(path);
        for (std::size_t i = 0; i < rows; i++) {
            worked_out(path, rules[d], &open[i], rows, work.data(), work.data() + d, 1);
            for (std::size_t k = 0; k < d; k++) sums[path.columns[k].feature * rows + i] += work[d + k];
        }
    }

    void add_kept(const Path& path) {
        const std::size_t d = path.columns.size(), size = std::size_t{1} << d;
        std::fill(masks.begin(), masks.end(), std::uint16_t{0});
        for (std::size_t k = 0; k < d; k++) marked(&open[k * rows], static_cast<unsigned>(k), rows, masks.data());
        filled.assign(size, 0);
        bits.resize(std::max(bits.size(), d));
        table.resize(std::max(table.size(), size * d));
        for (const std::uint16_t mask : masks) {
            if (filled[mask]) continue;
            filled[mask] = 1;
            for (std::size_t k = 0; k < d; k++) bits[k] = (mask >> k) & 1;
            worked_out(path, rules[d], bits.data(), 1, work.data(), &table[mask], size);
        }
        for (std::size_t k = 0; k < d; k++)
            added(&table[k * size], masks.data(), rows, &sums[path.columns[k].feature * rows]);
    }
};

} // namespace

double shap(const Forest& forest, const double* cover, const double* x, std::size_t rows, std::size_t columns,
            bool narrow, int threads, double* out) {
    std::vector<Tree> trees(forest.roots.size());
    double expected = 0.0;
    std::size_t most = 0;
    for (std::size_t t = 0; t < trees.size(); t++) {
        grow(forest, cover, forest.roots[t], covered(forest, cover, forest.roots[t]), 1.0, {}, trees[t]);
        expected += trees[t].expected;
        for (const Path& path : trees[t].paths) most = std::max(most, path.columns.size());
    }
    std::vector<Rule> rules(1);
    for (std::size_t d = 1; d <= most; d++) rules.push_back(rule_of((d + 1) / 2));
    const std::size_t chunks = std::max((rows + CHUNK - 1) / CHUNK, static_cast<std::size_t>(std::max(threads, 1)));
    over_series(chunks, threads, [&](std::size_t c) {
        const std::size_t from = rows * c / chunks, to = rows * (c + 1) / chunks;
        if (from == to) return;
        Chunk chunk(forest, rules, x + from * columns, to - from, columns, narrow);
        for (const Tree& tree : trees) chunk.add(tree);
        chunk.write(out + from * columns);
    });
    return expected;
}
