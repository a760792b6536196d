-- Reads objects in the order of a lex index, and removes members whose object is gone.
--
-- KEYS  1 ix (lex index; the last word of a member is the escaped id of an object)
-- ARGV  1 prefix of the members   2 what follows it in the member after which to go on, or ""
--       3 most rows   4 what object keys begin with; it carries the tag of KEYS[1]
--       5 "1": descending
-- Returns {where to go on, or "", rest of member, fields, rest of member, fields, ...}
local prefix = ARGV[1] .. ' '
local low, high, members = '[' .. prefix, '(' .. ARGV[1] .. '!', nil
if ARGV[5] == '1' then
  if ARGV[2] ~= '' then high = '(' .. prefix .. ARGV[2] end
  members = redis.call('ZRANGE', KEYS[1], high, low, 'BYLEX', 'REV', 'LIMIT', 0, ARGV[3])
else
  if ARGV[2] ~= '' then low = '(' .. prefix .. ARGV[2] end
  members = redis.call('ZRANGE', KEYS[1], low, high, 'BYLEX', 'LIMIT', 0, ARGV[3])
end
local reply = {''}
for _, member in ipairs(members) do
  local fields = redis.call('HGETALL', ARGV[4] .. string.match(member, '.* (.*)'))
  if #fields == 0 then
    redis.call('ZREM', KEYS[1], member)
  else
    reply[#reply + 1] = string.sub(member, #prefix + 1)
    reply[#reply + 1] = fields
  end
end
if #members == tonumber(ARGV[3]) then reply[1] = string.sub(members[#members], #prefix + 1) end
return reply
