-- Removes the oldest checkpoints of a namespace, so many of them.
--
-- KEYS  1 t
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]   3 namespace, escaped
--       4 how many stay   5 most that go
-- Returns how many went
-- USES text row ckpt
local C, ns = ARGV[2], ARGV[3]
latest_of(C, ns, ARGV[1])
local spare = redis.call('ZCARD', C .. ':i:' .. ns) - tonumber(ARGV[4])
if spare <= 0 then return 0 end
local old = redis.call('ZRANGE', C .. ':i:' .. ns, 0, math.min(spare, tonumber(ARGV[5])) - 1)
for _, id in ipairs(old) do drop(C, ns, id) end
settle_latest(C, ns, ARGV[1])
return #old
