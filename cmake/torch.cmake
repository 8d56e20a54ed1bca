# LibTorch, as the interface target recbots_torch: Debian's (1.13, for the CPU), or that of a `torch` wheel of PyPI in
# RECBOTS_TORCH_DIR (docs/gpu.md). Our sources compile with both.

# The wheel has a CMake package, but it looks for a whole CUDA toolkit; we need the libraries by name and their headers.
function(recbots_torch_of_wheel folder)
  file(READ ${folder}/version.py version)
  string(REGEX MATCH "__version__ = '([^']*)'" unused "${version}")
  message(STATUS "LibTorch ${CMAKE_MATCH_1} of ${folder}")

  # std::string as GCC has had it since version 5 is part of every symbol: wheels before 2.7 had the one before.
  file(STRINGS ${folder}/lib/libc10.so symbol REGEX "__cxx11" LIMIT_COUNT 1)
  if(NOT symbol)
    message(FATAL_ERROR "${folder}/lib/libc10.so has no symbol with __cxx11: it was built with "
                        "_GLIBCXX_USE_CXX11_ABI=0, and cannot be linked with our code. Take torch 2.7 or later.")
  endif()

  # Beside LibTorch's headers lie those of the Protobuf within it, of another version than the one that we link. A
  # folder of links to all others keeps them out of sight.
  set(headers ${PROJECT_BINARY_DIR}/torch-headers)
  file(MAKE_DIRECTORY ${headers})
  foreach(name ATen c10 caffe2 torch)
    if(NOT EXISTS ${folder}/include/${name})
      message(FATAL_ERROR "${folder}/include/${name} is missing: this is no torch wheel")
    endif()
    file(CREATE_LINK ${folder}/include/${name} ${headers}/${name} SYMBOLIC)
  endforeach()
  target_include_directories(recbots_torch SYSTEM INTERFACE ${headers} ${folder}/include/torch/csrc/api/include)
  target_compile_definitions(recbots_torch INTERFACE USE_C10D_GLOO)  # Debian's CMake package says so itself.

  # The wheel's libraries show parts of a C++ library of their own, of another GCC: std::filesystem among them, which crashes
  # when it is called from our code. What comes first is taken, by the linker and when programs start.
  target_link_libraries(recbots_torch INTERFACE stdc++)
  set(libraries torch torch_cpu c10)
  if(RECBOTS_CUDA)
    list(APPEND libraries torch_cuda c10_cuda)
    # Devices register themselves when their library is loaded, and no symbol of ours may need it.
    target_link_options(recbots_torch INTERFACE LINKER:--no-as-needed)
  endif()
  foreach(name IN LISTS libraries)
    set(library ${folder}/lib/lib${name}.so)
    if(NOT EXISTS ${library})
      message(FATAL_ERROR "${library} is missing: this torch wheel was built without CUDA")
    endif()
    target_link_libraries(recbots_torch INTERFACE ${library})
  endforeach()
  if(RECBOTS_CUDA)
    recbots_cuda_runtime(${folder})
  endif()
endfunction()

# CUDA's headers and its runtime library, which headers of LibTorch call. Both come with wheels that torch requires.
function(recbots_cuda_runtime folder)
  file(GLOB headers ${folder}/../nvidia/cu*/include/cuda_runtime_api.h ${folder}/../nvidia/cuda_runtime/include/cuda_runtime_api.h)
  file(GLOB libraries ${folder}/../nvidia/cu*/lib/libcudart.so.* ${folder}/../nvidia/cuda_runtime/lib/libcudart.so.*)
  if(NOT headers OR NOT libraries)
    message(FATAL_ERROR "there is no cuda_runtime_api.h or libcudart.so below ${folder}/../nvidia: install the wheels "
                        "of deploy/cuda-wheels.txt (deploy/run --cuda=build does)")
  endif()
  list(GET headers 0 header)
  list(GET libraries 0 library)
  cmake_path(GET header PARENT_PATH include)
  target_include_directories(recbots_torch SYSTEM INTERFACE ${include})
  target_link_libraries(recbots_torch INTERFACE ${library})
  target_compile_definitions(recbots_torch INTERFACE RECBOTS_CUDA)
endfunction()

# Debian's LibTorch calls whatever libblas.so.3 the alternatives system points at. The reference BLAS makes an update
# five times slower (docs/decisions), so say it where nobody can miss it. A wheel has its own BLAS, MKL, in it.
function(recbots_check_blas)
  execute_process(COMMAND sh -c "ldconfig -p | sed -n 's/.*libblas.so.3 .*=> //p' | head -n 1 | xargs -r readlink -f"
                  OUTPUT_VARIABLE blas OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT blas MATCHES "openblas")
    message(FATAL_ERROR "LibTorch would run on the BLAS at '${blas}', not on OpenBLAS: updates would be 5 times "
                        "slower. Install libopenblas0-pthread (deploy/packages.txt), or choose it with "
                        "'update-alternatives --config libblas.so.3-x86_64-linux-gnu'.")
  endif()
endfunction()

add_library(recbots_torch INTERFACE)
# What the library of our networks asks for its number of threads, where LibTorch computes with an OpenBLAS of its own.
add_library(recbots_openblas INTERFACE)
if(RECBOTS_CUDA AND NOT RECBOTS_TORCH_DIR)
  # Where deploy/run --cuda and tests/run cuda install it.
  file(GLOB RECBOTS_TORCH_DIR ${PROJECT_SOURCE_DIR}/build/cuda-venv/lib/python3*/site-packages/torch)
  if(NOT RECBOTS_TORCH_DIR)
    message(FATAL_ERROR "RECBOTS_CUDA=ON wants RECBOTS_TORCH_DIR, the folder of a torch wheel (docs/gpu.md): LibTorch of "
                        "Debian knows no GPU")
  endif()
endif()
if(RECBOTS_TORCH_DIR)
  recbots_torch_of_wheel(${RECBOTS_TORCH_DIR})
else()
  if(RECBOTS_TRAINING_ONLY)
    # Without its CMake package, which wants Protobuf.
    foreach(name torch torch_cpu c10)
      find_library(RECBOTS_LIB_${name} ${name} REQUIRED)
      target_link_libraries(recbots_torch INTERFACE ${RECBOTS_LIB_${name}})
    endforeach()
    find_path(RECBOTS_TORCH_INCLUDE ATen/core/Tensor.h REQUIRED)
    set(TORCH_INCLUDE_DIRS ${RECBOTS_TORCH_INCLUDE} ${RECBOTS_TORCH_INCLUDE}/torch/csrc/api/include)
    set(TORCH_INSTALL_PREFIX /usr)
  else()
    find_package(Torch REQUIRED)
    target_link_libraries(recbots_torch INTERFACE ${TORCH_LIBRARIES})
  endif()
  # System headers, so that our warnings are about our code.
  target_include_directories(recbots_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  if(TORCH_INSTALL_PREFIX STREQUAL "/usr")
    recbots_check_blas()
  endif()
  pkg_check_modules(openblas REQUIRED IMPORTED_TARGET openblas)
  target_link_libraries(recbots_openblas INTERFACE PkgConfig::openblas)
  target_compile_definitions(recbots_openblas INTERFACE RECBOTS_OPENBLAS)
endif()

# The headers of LibTorch's c10d include those of Gloo (learner/group), which Debian's package has and a wheel has not.
# Gloo itself is in LibTorch: we hand on pointers to what is declared there, and use nothing of it.
if(NOT RECBOTS_TRAINING_ONLY)
  find_path(RECBOTS_GLOO_INCLUDE gloo/context.h)
  if(NOT RECBOTS_GLOO_INCLUDE)
    message(FATAL_ERROR "gloo/context.h is missing: install libgloo-dev (deploy/packages.txt)")
  endif()
endif()
