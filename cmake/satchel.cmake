# Helpers of the build: one target per folder, the same warnings everywhere.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)

# ccache and a fast linker where the machine has them; neither is needed.
function(satchel_use_tools)
  find_program(SATCHEL_CCACHE ccache)
  if(SATCHEL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${SATCHEL_CCACHE} PARENT_SCOPE)
  endif()
  find_program(SATCHEL_LLD ld.lld)
  if(SATCHEL_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endfunction()

add_library(satchel_options INTERFACE)
target_include_directories(satchel_options INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                                                     $<INSTALL_INTERFACE:include/satchel>)
target_compile_features(satchel_options INTERFACE cxx_std_20)
target_compile_options(satchel_options INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wno-missing-field-initializers;-fno-omit-frame-pointer>)
if(SATCHEL_WERROR)
  target_compile_options(satchel_options INTERFACE $<BUILD_INTERFACE:-Werror>)
endif()
if(SATCHEL_SANITIZE)
  target_compile_options(satchel_options INTERFACE $<BUILD_INTERFACE:-fsanitize=${SATCHEL_SANITIZE}>)
  target_link_options(satchel_options INTERFACE $<BUILD_INTERFACE:-fsanitize=${SATCHEL_SANITIZE}>)
endif()
if(SATCHEL_TINY)
  target_compile_definitions(satchel_options INTERFACE SATCHEL_TINY=1)
endif()
if(SATCHEL_SHADOW)
  target_compile_definitions(satchel_options INTERFACE SATCHEL_SHADOW=1)
endif()
if(SATCHEL_FUZZ)
  target_compile_options(satchel_options INTERFACE $<BUILD_INTERFACE:-fsanitize=fuzzer-no-link>)
endif()

# satchel_folder(base SOURCES a.cc b.cc LINKS satchel_x OpenSSL::Crypto)
function(satchel_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(satchel_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(satchel_${name} PUBLIC satchel_options ${ARG_LINKS})
  set_target_properties(satchel_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                   EXPORT_NAME ${name})
endfunction()
