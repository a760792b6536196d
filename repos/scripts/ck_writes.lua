-- Stores what a task wrote for a checkpoint, which may not be there yet.
--
-- KEYS  1 t
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]   3 namespace, escaped
--       4 id, escaped   5 ttl, ms, 0: none
--       6... of each write: "<task> <idx>", "set" or "keep" (unless there is one), sealed value
-- Returns 1
-- USES text row ckpt
local C, ns, id = ARGV[2], ARGV[3], ARGV[4]
local key = writes_key(C, ns, id)
local existed = {[key] = redis.call('EXISTS', key) == 1, [KEYS[1]] = redis.call('EXISTS', KEYS[1]) == 1}
for i = 6, #ARGV, 3 do
  redis.call(ARGV[i + 1] == 'set' and 'HSET' or 'HSETNX', key, ARGV[i], ARGV[i + 2])
end
if not lives(C, ns, id, ARGV[1]) then
  redis.call('HSET', KEYS[1], 'w ' .. ns .. ' ' .. id, ARGV[1])
end
local deadline = int(tonumber(ARGV[1]) + tonumber(ARGV[5]))
for name, was_there in pairs(existed) do
  if ARGV[5] == '0' then
    redis.call('PERSIST', name)
  elseif was_there then
    redis.call('PEXPIREAT', name, deadline, 'GT')
  else
    redis.call('PEXPIREAT', name, deadline)
  end
end
return 1
