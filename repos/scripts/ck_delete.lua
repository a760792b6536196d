-- Removes a checkpoint, its writes and its references.
--
-- KEYS  1 t
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]   3 namespace, escaped
--       4 id, escaped
-- Returns 1, or 0 when readers saw none
-- USES text row ckpt
local C, ns, id = ARGV[2], ARGV[3], ARGV[4]
local lived = lives(C, ns, id, ARGV[1])
drop(C, ns, id)
latest_of(C, ns, ARGV[1])
return lived and 1 or 0
