-- Counts a conversation anew and gives its keys one deadline, unless its deadlines have changed.
--
-- KEYS  1 list, 2 meta (hash)
-- ARGV  1 deadline, unix ms, "" for none   2 deadline that meta told, "" for none
--       3 deadline of the list: what PEXPIRETIME told   4 the same of meta
-- Returns 1, or 0 when something has changed
-- USES text unpack conversation
if (redis.call('HGET', KEYS[2], 'expires') or '') ~= ARGV[2] then return 0 end
for i = 1, 2 do
  if redis.call('PEXPIRETIME', KEYS[i]) ~= tonumber(ARGV[i + 2]) then return 0 end
end
settle(ARGV[1] ~= '' and ARGV[1] or nil)
return 1
