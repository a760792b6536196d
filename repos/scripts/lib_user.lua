-- Writes a new user, after all that can be wrong was looked at.
-- KEYS  1 user, 2 emails, 3 ix, 4 clk     ARGV  1 now   2 id   3 email   4 role
local function create_user()
  if redis.call('EXISTS', KEYS[1]) == 1 then return {'taken', 'id'} end
  if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1 then return {'taken', 'email'} end
  local stamp, id = next_stamp(KEYS[4], ARGV[1]), escape(ARGV[2])
  redis.call('HSET', KEYS[1], 'f', '1', 'v', '1', 'c', int(stamp), 'u', ARGV[1],
    'email', ARGV[3], 'role', ARGV[4])
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[2])
  redis.call('ZADD', KEYS[3], 0, 'us ' .. pad16(stamp) .. ' ' .. id,
    0, 'ro ' .. ARGV[4] .. ' ' .. pad16(stamp) .. ' ' .. id)
  return {'ok', int(stamp)}
end
