-- Makes the bookkeeping of an execution anew when it is lost: creation stamps go on above all that
-- are in use, and no reader believes that nothing has expired.
--
-- KEYS  1 state (hash), 2 meta (hash: clk, ep, mx), 3 ix (lex index of the tasks)
-- ARGV  1 version of the state   2 count of task writes to go on from
-- Returns 1, or 0 when the execution has changed
-- USES text
local held = redis.call('HMGET', KEYS[1], 'v', 'c')
if held[1] ~= ARGV[1] or redis.call('HEXISTS', KEYS[2], 'clk') == 1 then return 0 end
local stamp = tonumber(held[2]) or 0
local newest = redis.call('ZRANGE', KEYS[3], '(al!', '[al ', 'BYLEX', 'REV', 'LIMIT', 0, 1)[1]
if newest then stamp = math.max(stamp, tonumber(string.match(newest, '^al (%d+) ')) or 0) end
redis.call('HSET', KEYS[2], 'clk', int(stamp))
redis.call('HSETNX', KEYS[2], 'ep', ARGV[2])
if newest then redis.call('HSET', KEYS[2], 'mx', '0') end
return 1
