-- Reads a piece of a conversation and its length.
--
-- KEYS  1 list
-- ARGV  1 first index   2 last index
-- Returns {length, messages}
return {redis.call('LLEN', KEYS[1]), redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[2])}
