-- Changes the email and the role of a user.
--
-- KEYS  1 user (hash), 2 emails (hash: email -> id), 3 ix (lex index), 4 clk (string, not used)
-- ARGV  1 now, unix ms   2 id   3 email, normal   4 role
-- Returns {"ok", creation stamp}, {"missing"}, {"taken", "email"}
-- USES text
local held = redis.call('HMGET', KEYS[1], 'email', 'role', 'c')
if not held[1] then return {'missing'} end
local owner = redis.call('HGET', KEYS[2], ARGV[3])
if owner and owner ~= ARGV[2] then return {'taken', 'email'} end
local place = ' ' .. pad16(tonumber(held[3])) .. ' ' .. escape(ARGV[2])
redis.call('HINCRBY', KEYS[1], 'v', 1)
redis.call('HSET', KEYS[1], 'u', ARGV[1], 'email', ARGV[3], 'role', ARGV[4])
if held[1] ~= ARGV[3] then redis.call('HDEL', KEYS[2], held[1]) end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[2])
if held[2] ~= ARGV[4] then redis.call('ZREM', KEYS[3], 'ro ' .. held[2] .. place) end
redis.call('ZADD', KEYS[3], 0, 'ro ' .. ARGV[4] .. place)
return {'ok', held[3]}
