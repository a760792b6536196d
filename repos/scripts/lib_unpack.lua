-- ARGV[first] to ARGV[last] as values; at most 1000 or so.
local unpack_list = table.unpack or unpack
local function unpack_args(first, last) return unpack_list(ARGV, first, last) end
