-- The deadline of a conversation: unix ms, or nil. What is new gets one from now on.
-- KEYS  1 list, 2 meta     ARGV  1 now, unix ms   2 ttl, ms, 0: none   3 "1": begins anew
local function deadline_of()
  local fresh = redis.call('EXISTS', KEYS[1], KEYS[2]) == 0
  if fresh or ARGV[3] == '1' then
    if ARGV[2] == '0' then return nil end
    return int(tonumber(ARGV[1]) + tonumber(ARGV[2]))
  end
  return redis.call('HGET', KEYS[2], 'expires') or nil
end

-- Makes meta say what the list is, and gives both the deadline. Returns the length.
local function settle(deadline)
  local length = redis.call('LLEN', KEYS[1])
  redis.call('HSET', KEYS[2], 'message_count', int(length))
  redis.call('HSETNX', KEYS[2], 'token_count', '0')
  if deadline then
    redis.call('HSET', KEYS[2], 'expires', deadline)
    redis.call('PEXPIREAT', KEYS[1], deadline)
    redis.call('PEXPIREAT', KEYS[2], deadline)
  else
    redis.call('HDEL', KEYS[2], 'expires')
    redis.call('PERSIST', KEYS[1])
    redis.call('PERSIST', KEYS[2])
  end
  return length
end

-- Pushes ARGV[first] and what follows, the newest `most` of them all stay; 0: all.
local function push(first, most)
  for i = first, #ARGV, 1000 do
    redis.call('RPUSH', KEYS[1], unpack_args(i, math.min(i + 999, #ARGV)))
  end
  if most > 0 then redis.call('LTRIM', KEYS[1], -most, -1) end
end
