-- Makes the thread know a checkpoint again, unless the checkpoint has changed.
--
-- KEYS  1 t, 2 n
-- ARGV  1 base of the keys; it carries the tag of KEYS[1]   2 namespace, escaped   3 id, escaped
--       4 seq it had   5 put it had
-- Returns 1, or 0 when the checkpoint has changed
-- USES text row ckpt
local C, ns, id = ARGV[1], ARGV[2], ARGV[3]
local key = ck_key(C, ns, id)
local held = redis.call('HMGET', key, 'seq', 'put', 'x')
if held[1] ~= ARGV[4] or held[2] ~= ARGV[5] then return 0 end
redis.call('ZADD', C .. ':i:' .. ns, held[1], id)
redis.call('ZADD', KEYS[2], 0, ns)
local known = redis.call('HMGET', KEYS[1], 'seq', 'last')
if tonumber(known[1] or '0') < tonumber(held[1]) then redis.call('HSET', KEYS[1], 'seq', held[1]) end
if tonumber(known[2] or '0') < tonumber(held[2]) then redis.call('HSET', KEYS[1], 'last', held[2]) end
if held[3] then
  redis.call('PEXPIREAT', key, held[3])
else
  redis.call('PERSIST', key)
end
return 1
