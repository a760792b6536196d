-- Removes everything of a thread, so many checkpoints of it.
--
-- KEYS  1 t, 2 n
-- ARGV  1 base of the keys; it carries the tag of KEYS[1]   2 most checkpoints
-- Returns 1 when more is left, else 0
-- USES text row ckpt
local C, left = ARGV[1], tonumber(ARGV[2])
for _, ns in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local ids = redis.call('ZRANGE', C .. ':i:' .. ns, 0, left - 1)
  for _, id in ipairs(ids) do drop(C, ns, id) end
  left = left - #ids
  if left == 0 then return 1 end
  redis.call('DEL', C .. ':h:' .. ns, C .. ':i:' .. ns, C .. ':r:' .. ns)
  redis.call('ZREM', KEYS[2], ns)
end
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local ns, id = string.match(name, '^w ([^ ]+) ([^ ]+)$')
  if ns then redis.call('DEL', writes_key(C, ns, id)) end
end
redis.call('DEL', KEYS[1], KEYS[2])
return 0
