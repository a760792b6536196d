-- Takes a lock that nobody holds.
--
-- KEYS  1 holder (string: token)   2 fence (string: the last one given)
-- ARGV  1 token   2 ttl, ms   3 now, unix ms   4 ttl of the fence, ms
-- Returns the fence as text; "0" when the lock is held
-- USES text
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return '0' end
local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, tonumber(ARGV[3]))
redis.call('SET', KEYS[2], int(fence), 'PX', ARGV[4])
return int(fence)
