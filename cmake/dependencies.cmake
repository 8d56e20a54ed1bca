# External packages, all from Debian 12 (deploy/packages.txt lists them with the reason for each). LibTorch may also be a
# 2.x build: -DCMAKE_PREFIX_PATH=<torch>/share/cmake.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(gRPC REQUIRED CONFIG)
find_package(OpenSSL REQUIRED)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(openblas REQUIRED IMPORTED_TARGET openblas)
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
find_package(CLI11 REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(ZLIB REQUIRED)
if(RECBOTS_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

if(RECBOTS_TORCH)
  # Only what we use of it: find_package(Torch) as packaged also drags in protobuf and CUDA probes.
  find_package(Torch REQUIRED)
  add_library(recbots_torch INTERFACE)
  target_link_libraries(recbots_torch INTERFACE ${TORCH_LIBRARIES})
  # System headers, so that our warnings are about our code.
  target_include_directories(recbots_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})

  # The headers of LibTorch's c10d include those of Gloo (learner/group).
  find_path(RECBOTS_GLOO_INCLUDE gloo/context.h)
  if(NOT RECBOTS_GLOO_INCLUDE)
    message(FATAL_ERROR "gloo/context.h is missing: install libgloo-dev (deploy/packages.txt)")
  endif()

  # Debian's LibTorch calls whatever libblas.so.3 the alternatives system points at. The reference BLAS makes an update
  # five times slower (docs/decisions), so say it where nobody can miss it.
  execute_process(COMMAND sh -c "ldconfig -p | sed -n 's/.*libblas.so.3 .*=> //p' | head -n 1 | xargs -r readlink -f"
                  OUTPUT_VARIABLE RECBOTS_BLAS OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(TORCH_INSTALL_PREFIX STREQUAL "/usr" AND NOT RECBOTS_BLAS MATCHES "openblas")
    message(FATAL_ERROR "LibTorch would run on the BLAS at '${RECBOTS_BLAS}', not on OpenBLAS: updates would be 5 times "
                        "slower. Install libopenblas0-pthread (deploy/packages.txt), or choose it with "
                        "'update-alternatives --config libblas.so.3-x86_64-linux-gnu'.")
  endif()
endif()
