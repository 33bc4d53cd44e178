#include "loess.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "cloned.hpp"

namespace {

constexpr int FINE = 1000, PARTS = 500;
constexpr double FLAT = 0.001;  // points that lie closer together, in lengths of the series, have no slope

// The sums from out[k] on, `SIDE` at a time: a loop of 32 is kept in registers. Returns the first that is left.
template <int SIDE>
INLINED int side_by_side(const double* y, const double* weights, int span, std::ptrdiff_t step, int k, int count,
                         double* out) {
    for (; k + SIDE <= count; k += SIDE) {
        double sums[SIDE] = {};
        for (int j = 0; j < span; j++) {
            const double* from = y + k + j * step;
            for (int i = 0; i < SIDE; i++) sums[i] += weights[j] * from[i];
        }
        for (int i = 0; i < SIDE; i++) out[k + i] = sums[i];
    }
    return k;
}

// out[k] = sum over j of weights[j] y[k + j step], k < count.
CLONED void weighted(const double* y, const double* weights, int span, std::ptrdiff_t step, int count, double* out) {
    int k = side_by_side<32>(y, weights, span, step, 0, count, out);
    k = side_by_side<4>(y, weights, span, step, k, count, out);
    for (; k < count; k++) {
        double sums[4] = {};
        int j = 0;
        for (; j + 4 <= span; j += 4)
            for (int i = 0; i < 4; i++) sums[i] += weights[j + i] * y[k + (j + i) * step];
        for (; j < span; j++) sums[0] += weights[j] * y[k + j * step];
        out[k] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
}

} // namespace

Loess::Loess(int window, int degree, bool beyond)
    : window(window), degree(degree), beyond(beyond ? 1 : 0), jump(window > FINE ? (window + PARTS - 1) / PARTS : 1),
      half((window + 1) / 2) {}

int Loess::left_of(int place) const { return std::clamp(place - half, 0, length - span); }

void Loess::prepare(int n) {
    if (n == length) return;
    length = n, span = std::min(window, n);
    places.clear(), rows.clear(), shapes.clear();
    for (int place = 1 - beyond; place < n + beyond; place += jump) places.push_back(place);
    places.push_back(n + beyond);
    int inner = -1, count = 0;
    for (const int place : places) {
        const bool inside = place >= half && place - half <= n - span;
        rows.push_back(inside && inner >= 0 ? inner : count);
        if (rows.back() < count) continue;
        if (inside) inner = count;
        count++;
        const int left = left_of(place);
        const double reach = std::max(place - (left + 1), left + span - place) + (window > n ? (window - n) / 2 : 0);
        for (int j = 1; j <= span; j++) {
            const double distance = std::abs(left + j - place), part = distance / reach;
            const double cube = 1.0 - part * part * part;
            shapes.push_back(distance > 0.999 * reach ? 0.0 : distance <= 0.001 * reach ? 1.0 : cube * cube * cube);
        }
    }
    weights = shapes, once.clear(), twice.clear();
    for (std::size_t p = 0; p < places.size(); p++)
        if (p == 0 || rows[p] > rows[p - 1])
            finish(weights.data() + static_cast<std::size_t>(rows[p]) * span, places[p], left_of(places[p]));
}

// The weights with a sum of 1, tilted where a line is fitted.
void Loess::finish(double* w, int place, int left) const {
    double total = 0.0, middle = 0.0, spread = 0.0;
    for (int j = 0; j < span; j++) total += w[j];
    for (int j = 0; j < span; j++) w[j] /= total;
    if (degree == 0) return;
    for (int j = 0; j < span; j++) middle += w[j] * (left + 1 + j - place);
    for (int j = 0; j < span; j++) spread += w[j] * (left + 1 + j - place - middle) * (left + 1 + j - place - middle);
    if (!(std::sqrt(spread) > FLAT * (length - 1.0))) return;
    for (int j = 0; j < span; j++) w[j] *= 1.0 - middle / spread * (left + 1 + j - place - middle);
}

void Loess::powers() {
    once = shapes;
    for (std::size_t p = 0; p < places.size(); p++)
        if (p == 0 || rows[p] > rows[p - 1])
            for (int j = 0; j < span; j++)
                once[static_cast<std::size_t>(rows[p]) * span + j] *= left_of(places[p]) + 1 + j - places[p];
    twice = once;
    for (std::size_t i = 0; i < twice.size(); i++)
        if (shapes[i] > 0.0) twice[i] *= once[i] / shapes[i];
}

void Loess::run(const std::vector<double>& kernel, const double* y, int width, int stride, double* out) const {
    const int count = static_cast<int>(places.size());
    for (int p = 0; p < count; p++) {
        // Neighbours with the same weights are one stretch, where their numbers lie side by side.
        int more = 0;
        if (jump == 1 && width == stride)
            while (p + more + 1 < count && rows[p + more + 1] == rows[p]) more++;
        const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(left_of(places[p])) * stride;
        const std::ptrdiff_t to = static_cast<std::ptrdiff_t>(places[p] - 1 + beyond) * stride;
        weighted(y + from, kernel.data() + static_cast<std::size_t>(rows[p]) * span, span, stride, width * (more + 1),
                 out + to);
        p += more;
    }
}

void Loess::smooth(const double* y, int n, int width, int stride, double* out) {
    prepare(n);
    run(weights, y, width, stride, out);
    if (jump > 1) join(width, stride, out);
}

// The line through the points around 0 with weights w = kernel * trust, at 0:
//   mean(y) - mean(d) (mean(d y) - mean(d) mean(y)) / (mean(d^2) - mean(d)^2),  d the distances, means by w
void Loess::smooth_trusted(const double* y, const double* trust, int n, int width, int stride, double* out) {
    prepare(n);
    if (degree > 0 && once.empty()) powers();
    const std::size_t size = static_cast<std::size_t>(n - 1) * stride + width;
    trusted.resize(size);
    for (std::size_t i = 0; i < size; i++) trusted[i] = y[i] * trust[i];
    for (std::vector<double>& sum : sums) sum.resize(size + 2 * static_cast<std::size_t>(stride));
    run(shapes, trust, width, stride, sums[0].data());
    run(shapes, trusted.data(), width, stride, sums[1].data());
    if (degree > 0) {
        run(once, trust, width, stride, sums[2].data());
        run(once, trusted.data(), width, stride, sums[3].data());
        run(twice, trust, width, stride, sums[4].data());
    }
    for (const int place : places) {
        const std::size_t to = static_cast<std::size_t>(place - 1 + beyond) * stride;
        const std::size_t same = static_cast<std::size_t>(std::clamp(place, 1, n) - 1) * stride;
        for (std::size_t c = 0; c < static_cast<std::size_t>(width); c++) {
            const double total = sums[0][to + c], mean = sums[1][to + c] / total, middle = sums[2][to + c] / total;
            const double spread = sums[4][to + c] / total - middle * middle;
            out[to + c] = !(total > 0.0) ? y[same + c] : mean;
            if (degree > 0 && total > 0.0 && std::sqrt(std::max(spread, 0.0)) > FLAT * (length - 1.0))
                out[to + c] -= middle * (sums[3][to + c] / total - middle * mean) / spread;
        }
    }
    if (jump > 1) join(width, stride, out);
    if (!beyond) return;
    const std::size_t last = static_cast<std::size_t>(n + 1) * stride;
    for (int c = 0; c < width; c++) {
        if (!(sums[0][c] > 0.0)) out[c] = out[stride + c];
        if (!(sums[0][last + c] > 0.0)) out[last + c] = out[last - stride + c];
    }
}

void Loess::join(int width, int stride, double* out) const {
    for (std::size_t p = 0; p + 1 < places.size(); p++) {
        const std::ptrdiff_t from = places[p] - 1 + beyond, to = places[p + 1] - 1 + beyond;
        for (int c = 0; c < width; c++) {
            const double rise = (out[to * stride + c] - out[from * stride + c]) / static_cast<double>(to - from);
            for (std::ptrdiff_t i = from + 1; i < to; i++) out[i * stride + c] = out[from * stride + c] + rise * (i - from);
        }
    }
}
