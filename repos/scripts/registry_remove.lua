-- Removes an entry of a registry, unless it was added lately: an object may be on its way.
--
-- KEYS  1 registry (zset: member by time of the last addition)
-- ARGV  1 member   2 the youngest time that may go, unix ms
-- Returns 1 when it was removed, else 0
local added = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not added or tonumber(added) > tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
