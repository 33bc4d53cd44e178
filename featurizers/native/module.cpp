// _kernels: what Python sees. Arrays are checked here, once; the kernels trust them.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <stdexcept>
#include <string>
#include <tuple>

#include "expanding.h"
#include "windows.h"

namespace nb = nanobind;

template <class T>
using Vector = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Table = nb::ndarray<T, nb::ndim<2>, nb::device::cpu>;
using Spec = std::tuple<std::string, Rows, Rows, Rows, Rows, double, Rows>;

template <class T>
Matrix<T> matrix(const Table<T>& table) {
    return {table.data(), Rows(table.stride(0)), Rows(table.stride(1))};
}

template <class Out>
void check(Rows rows, const Vector<std::int64_t>& indptr, const Table<Out>& out, int threads) {
    const Rows series = Rows(indptr.shape(0)) - 1;
    if (series < 0 || indptr(0) != 0 || indptr(series) != rows)
        throw std::invalid_argument("indptr must begin with 0 and end with the number of values.");
    for (Rows i = 0; i < series; ++i)
        if (indptr(i) > indptr(i + 1)) throw std::invalid_argument("indptr must not descend.");
    if (Rows(out.shape(0)) != rows) throw std::invalid_argument("out must have one row for each value.");
    if (threads < 1) throw std::invalid_argument("threads must be at least 1.");
}

template <class Kind>
Kind named(const std::map<std::string, Kind>& kinds, const std::string& name) {
    const auto found = kinds.find(name);
    if (found == kinds.end()) throw std::invalid_argument("The kernel knows no statistic '" + name + "'.");
    return found->second;
}

Window window(const Spec& spec, Rows columns) {
    static const std::map<std::string, Stat> stats{
        {"lag", Stat::Lag}, {"mean", Stat::Mean}, {"std", Stat::Std}, {"sum", Stat::Sum},
        {"min", Stat::Min}, {"max", Stat::Max},   {"quantile", Stat::Quantile}};
    const auto& [stat, size, lag, season, least, q, column] = spec;
    if (size < 1 || lag < 1 || season < 1) throw std::invalid_argument("Windows, lags and seasons count from 1.");
    if (!(q >= 0 && q <= 1)) throw std::invalid_argument("q must lie between 0 and 1.");
    if (column < 0 || column >= columns) throw std::invalid_argument("out has no such column.");
    return {named(stats, stat), size, lag, season, least, q, column};
}

template <class In, class Out>
void windows(Vector<In> values, Vector<std::int64_t> indptr, const std::vector<Spec>& specs, Table<Out> out,
             int threads) {
    check(values.shape(0), indptr, out, threads);
    std::vector<Window> wanted;
    for (const Spec& spec : specs) wanted.push_back(window(spec, out.shape(1)));
    nb::gil_scoped_release release;
    fill_windows(values.data(), indptr.data(), Rows(indptr.shape(0)) - 1, wanted, matrix(out), threads);
}

void expanding(Vector<double> values, Vector<std::int64_t> indptr, const std::vector<std::string>& stats,
               Table<double> out, Table<double> memory, int threads) {
    static const std::map<std::string, Total> totals{{"count", Total::Count}, {"mean", Total::Mean},
                                                     {"std", Total::Std},     {"sum", Total::Sum},
                                                     {"min", Total::Min},     {"max", Total::Max}};
    check(values.shape(0), indptr, out, threads);
    if (out.shape(1) != stats.size()) throw std::invalid_argument("out must have one column for each statistic.");
    if (memory.shape(0) + 1 != indptr.shape(0) || memory.shape(1) != 6)
        throw std::invalid_argument("memory must be (series, 6).");
    std::vector<Total> wanted;
    for (const std::string& stat : stats) wanted.push_back(named(totals, stat));
    nb::gil_scoped_release release;
    fill_expanding(values.data(), indptr.data(), Rows(indptr.shape(0)) - 1, wanted, matrix(out), matrix(memory), threads);
}

void ewm(Vector<double> values, Vector<std::int64_t> indptr, const std::vector<double>& alphas, Table<double> out,
         Table<double> memory, int threads) {
    check(values.shape(0), indptr, out, threads);
    if (out.shape(1) != alphas.size()) throw std::invalid_argument("out must have one column for each alpha.");
    if (memory.shape(0) + 1 != indptr.shape(0) || memory.shape(1) != alphas.size())
        throw std::invalid_argument("memory must be (series, alphas).");
    nb::gil_scoped_release release;
    fill_ewm(values.data(), indptr.data(), Rows(indptr.shape(0)) - 1, alphas, matrix(out), matrix(memory), threads);
}

template <class In, class Out>
void define_windows(nb::module_& m) {
    m.def("windows", &windows<In, Out>, nb::arg("values").noconvert(), nb::arg("indptr").noconvert(), nb::arg("specs"),
          nb::arg("out").noconvert(), nb::arg("threads"),
          "Fill columns of `out` (rows, columns) with lags and rolling statistics of the series in `values`.");
}

NB_MODULE(_kernels, m) {
    define_windows<double, double>(m);
    define_windows<double, float>(m);
    define_windows<float, float>(m);
    define_windows<float, double>(m);
    m.def("expanding", &expanding, nb::arg("values").noconvert(), nb::arg("indptr").noconvert(), nb::arg("stats"),
          nb::arg("out").noconvert(), nb::arg("memory").noconvert(), nb::arg("threads"),
          "Fill `out` with statistics of the rows before each row, `memory` (series, 6) with what carries on.");
    m.def("ewm", &ewm, nb::arg("values").noconvert(), nb::arg("indptr").noconvert(), nb::arg("alphas"),
          nb::arg("out").noconvert(), nb::arg("memory").noconvert(), nb::arg("threads"),
          "Fill `out` with exponentially weighted means of the rows before each row, `memory` with the last ones.");
}
