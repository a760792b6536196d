# cmake -D OUT=scripts.cc -D FILES="a.lua;b.lua" -P embed_scripts.cmake: the files as C++ text.
set(rows "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND rows "    {\"${name}\", R\"LUA(${text})LUA\"},\n")
endforeach()
file(WRITE ${OUT} "// Made from repos/scripts/*.lua.\n\n#include \"repos/scripts.h\"\n\n\
namespace satchel::repos {\nnamespace {\n\nconstexpr ScriptFile kFiles[] = {\n${rows}};\n\n\
}  // namespace\n\nstd::span<const ScriptFile> ScriptFiles() { return kFiles; }\n\n\
}  // namespace satchel::repos\n")
