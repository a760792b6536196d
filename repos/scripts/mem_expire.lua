-- Gives all keys of a conversation one deadline.
--
-- KEYS  1 list, 2 meta (hash), 3 flush mark (string)
-- ARGV  1 deadline, unix ms
-- Returns 1, or 0 when there is no conversation
if redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then return 0 end
redis.call('HSET', KEYS[2], 'expires', ARGV[1])
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, ARGV[1]) end
return 1
