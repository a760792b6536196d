-- Removes expired checkpoints of a thread, so many of them looked at.
--
-- KEYS  1 t, 2 n
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]   3 most rows
-- Returns {how many went, 1 when anything of the thread is left, else 0}
-- USES text row ckpt
local C, left, gone = ARGV[2], tonumber(ARGV[3]), 0
for _, ns in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  -- The oldest come first; with one ttl for all, those that live follow those that do not.
  for _, id in ipairs(redis.call('ZRANGE', C .. ':i:' .. ns, 0, math.max(left, 1) - 1)) do
    left = left - 1
    if not lives(C, ns, id, ARGV[1]) then
      drop(C, ns, id)
      gone = gone + 1
    end
  end
  latest_of(C, ns, ARGV[1])
  if left <= 0 then break end
end
local rest = redis.call('ZCARD', KEYS[2])
if rest == 0 then
  local waiting = 0
  for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    local ns, id = string.match(name, '^w ([^ ]+) ([^ ]+)$')
    if ns and redis.call('EXISTS', writes_key(C, ns, id)) == 1 then
      waiting = waiting + 1
    elseif ns then
      redis.call('HDEL', KEYS[1], name)
    end
  end
  rest = waiting
end
return {gone, rest > 0 and 1 or 0}
