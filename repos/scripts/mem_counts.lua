-- Reads the counts of a conversation; what is missing is counted and written.
--
-- KEYS  1 list, 2 meta (hash)
-- ARGV  1 now, unix ms   2 ttl, ms, 0: none   3 "0"
-- Returns {tokens, messages} as text
-- USES text unpack conversation
local held = redis.call('HMGET', KEYS[2], 'token_count', 'message_count')
if held[1] and held[2] then return held end
local length = redis.call('LLEN', KEYS[1])
if length > 0 or held[1] or held[2] then
  local deadline = redis.call('PEXPIRETIME', KEYS[1])
  settle(deadline > 0 and int(deadline) or nil)
end
return {held[1] or '0', int(length)}
