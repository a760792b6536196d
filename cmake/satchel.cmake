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

# satchel_folder(base SOURCES a.cc b.cc LINKS satchel_x OpenSSL::Crypto): the static library
# satchel_base, installed with its headers and part of Satchel::satchel.
function(satchel_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  set_property(GLOBAL APPEND PROPERTY SATCHEL_FOLDERS ${name})
  set_property(GLOBAL APPEND PROPERTY SATCHEL_LINKS ${ARG_LINKS})
  add_library(satchel_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(satchel_${name} PUBLIC satchel_options ${ARG_LINKS})
  set_target_properties(satchel_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                   EXPORT_NAME ${name})
endfunction()

# satchel_pkg_config(LUA lua5.4-c++): PkgConfig::LUA for LINKS, found again by those who use the
# installed package.
macro(satchel_pkg_config name module)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
  set_property(GLOBAL APPEND PROPERTY SATCHEL_PKG_CONFIG "${name} ${module}")
endmacro()

# Installs what all folders registered: headers under include/satchel/FOLDER (included as
# "FOLDER/x.h"), the static libraries, the package Satchel with the target Satchel::satchel, and the
# program. Comes after all folders.
function(satchel_install)
  include(GNUInstallDirs)
  include(CMakePackageConfigHelpers)
  get_property(folders GLOBAL PROPERTY SATCHEL_FOLDERS)
  list(TRANSFORM folders PREPEND satchel_ OUTPUT_VARIABLE libraries)

  add_library(satchel_all INTERFACE)
  set_target_properties(satchel_all PROPERTIES EXPORT_NAME satchel)
  target_link_libraries(satchel_all INTERFACE ${libraries})
  add_library(Satchel::satchel ALIAS satchel_all)

  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Satchel)
  install(TARGETS satchel_options satchel_all ${libraries} EXPORT SatchelTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT SatchelTargets NAMESPACE Satchel:: DESTINATION ${package_dir})
  foreach(folder ${folders})
    install(DIRECTORY ${CMAKE_SOURCE_DIR}/${folder} DESTINATION include/satchel
            FILES_MATCHING PATTERN "*.h")
  endforeach()
  if(TARGET satchel)
    install(TARGETS satchel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()

  satchel_dependency_calls(SATCHEL_DEPENDENCIES)
  configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/SatchelConfig.cmake.in
                                ${CMAKE_BINARY_DIR}/SatchelConfig.cmake
                                INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/SatchelConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/SatchelConfig.cmake
                ${CMAKE_BINARY_DIR}/SatchelConfigVersion.cmake DESTINATION ${package_dir})
endfunction()

# The find_dependency calls for all targets that the folders link: the package of A::b is A.
function(satchel_dependency_calls result)
  get_property(links GLOBAL PROPERTY SATCHEL_LINKS)
  get_property(modules GLOBAL PROPERTY SATCHEL_PKG_CONFIG)
  set(packages)
  foreach(link ${links})
    if(link MATCHES "^([A-Za-z0-9_]+)::" AND NOT CMAKE_MATCH_1 STREQUAL "PkgConfig")
      list(APPEND packages ${CMAKE_MATCH_1})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES packages)
  set(calls "")
  foreach(package ${packages})
    string(APPEND calls "find_dependency(${package})\n")
  endforeach()
  if(modules)
    string(APPEND calls "find_dependency(PkgConfig)\n")
  endif()
  foreach(module ${modules})
    string(REPLACE " " ";" words ${module})
    list(GET words 0 name)
    list(GET words 1 module)
    string(APPEND calls "pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})\n")
  endforeach()
  set(${result} "${calls}" PARENT_SCOPE)
endfunction()
