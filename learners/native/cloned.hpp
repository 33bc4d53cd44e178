// Cloned: functions that are compiled for newer processors as well. Without fused multiply-adds (see CMakeLists.txt)
// and with sums in a fixed order, every version gives the same bits.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define CLONED __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define CLONED
#endif

// What is called by such a function must be compiled with it.
#if defined(__GNUC__)
#define INLINED inline __attribute__((always_inline))
#else
#define INLINED inline
#endif
