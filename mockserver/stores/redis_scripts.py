"""The scripts that run inside Redis: each is one step that no other process sees half done.

KEYS[1] is the name of the mock's state, a hash tag in braces; all keys begin with it, so that a cluster keeps them
together. Numbers are compared as text: Lua's lose the last digits of large ones. A script that Redis stops half way
leaves what it has written, so everything that may fail stands before the first write.
"""

from __future__ import annotations

from mockserver.stores.redis_link import Script

_SHARED = """
local p = KEYS[1] .. ':'
local function less(a, b)  -- b is not negative
  if string.sub(a, 1, 1) == '-' then return true end
  return #a < #b or (#a == #b and a < b)
end
local function each_chunk(list, visit)
  for first = 1, #list, 1000 do visit(unpack(list, first, math.min(first + 999, #list))) end
end
local function task_texts(ids)
  local found = {}
  each_chunk(ids, function(...)
    local texts = redis.call('HMGET', p .. 'tasks', ...)
    for place, id in ipairs({...}) do
      if texts[place] then found[#found + 1] = id; found[#found + 1] = texts[place] end
    end
  end)
  return found
end
local function account(login)
  local text = redis.call('HGET', p .. 'accounts', login)
  if not text then return false end
  return {
    login, text, redis.call('HGET', p .. 'day', login) or '0', redis.call('HGET', p .. 'used', login) or '0',
    redis.call('HGET', p .. 'creates', login) or '0'
  }
end
-- Of each process: the number of its last step, what that gave, and the last number that must not be done any more.
local function done_before(process, number)
  local last = redis.call('HMGET', p .. 'process:' .. process, 'number', 'given', 'void')
  if last[1] == number then return last[2] end
  if last[3] and not less(last[3], number) then return 'VOID' end
end
local function note(process, number, given)
  redis.call('HSET', p .. 'process:' .. process, 'number', number, 'given', given)
  redis.call('EXPIRE', p .. 'process:' .. process, 86400)
end
local function keep_task(id, login, text, ready, stub)
  redis.call('HSET', p .. 'tasks', id, text)
  redis.call('ZADD', p .. 'ids', id, id)
  redis.call('ZADD', p .. 'of:' .. login, id, id)
  redis.call('SADD', p .. 'owners', login)
  if ready ~= '' then redis.call('ZADD', p .. 'ready:' .. login, 0, ready .. ':' .. id) end
  if stub ~= '' then redis.call('HSET', p .. 'stubs', id, stub) end
end
local function drop_task(id, login, ready)
  redis.call('HDEL', p .. 'tasks', id)
  redis.call('HDEL', p .. 'stubs', id)
  redis.call('ZREM', p .. 'ids', id)
  redis.call('ZREM', p .. 'of:' .. login, id)
  if ready ~= '' then redis.call('ZREM', p .. 'ready:' .. login, ready .. ':' .. id) end
end
local function clear_ring(owner)
  each_chunk(redis.call('ZRANGE', p .. 'ring:' .. owner, 0, -1), function(...)
    redis.call('HDEL', p .. 'entries', ...)
    redis.call('ZREM', p .. 'numbers', ...)
  end)
  redis.call('UNLINK', p .. 'ring:' .. owner, p .. 'lost:' .. owner)
  redis.call('ZREM', p .. 'rings', owner)
  redis.call('ZREM', p .. 'emptied', owner)
end
local function clear_journal()
  for _, index in ipairs({'rings', 'emptied'}) do
    for _, owner in ipairs(redis.call('ZRANGE', p .. index, 0, -1)) do
      redis.call('UNLINK', p .. 'ring:' .. owner, p .. 'lost:' .. owner)
    end
  end
  for _, name in ipairs({'entries', 'numbers', 'rings', 'emptied', 'bodies', 'body-order'}) do
    redis.call('UNLINK', p .. name)
  end
  redis.call('HDEL', p .. 'journal', 'bytes', 'forgotten')
end
-- A record's place is the number of the change that made it. A dropped one stays among the changes for a while.
local function put_record(name, value, number)
  if redis.call('HEXISTS', p .. 'records', name) == 0 then redis.call('ZADD', p .. 'places', number, name) end
  redis.call('HSET', p .. 'records', name, value)
  redis.call('ZREM', p .. 'dropped', name)
  redis.call('ZADD', p .. 'changed', number, name)
  redis.call('SET', p .. 'version', number)
end
local function drop_record(name, number, oldest)
  redis.call('HDEL', p .. 'records', name)
  redis.call('ZREM', p .. 'places', name)
  redis.call('ZADD', p .. 'changed', number, name)
  redis.call('ZADD', p .. 'dropped', number, name)
  redis.call('SET', p .. 'version', number)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', p .. 'dropped', '-inf', oldest)) do
    local number = redis.call('ZSCORE', p .. 'dropped', old)
    if less(redis.call('GET', p .. 'purged') or '0', number) then redis.call('SET', p .. 'purged', number) end
    redis.call('ZREM', p .. 'changed', old)
    redis.call('ZREM', p .. 'dropped', old)
  end
end
local function clear_records(number, ...)
  for _, name in ipairs(redis.call('HKEYS', p .. 'records')) do
    for _, kind in ipairs({...}) do
      if string.sub(name, 1, #kind + 1) == kind .. ' ' then
        redis.call('HDEL', p .. 'records', name)
        redis.call('ZREM', p .. 'places', name)
        redis.call('ZREM', p .. 'changed', name)
      end
    end
  end
  redis.call('SET', p .. 'purged', number)
  redis.call('SET', p .. 'version', number)
end
-- What has changed after the change of the number (empty: of none), in the state of the word. Gives nothing where that
-- was the last one, OTHER where the state is another by now; else the last number, whether all records follow, and of
-- each changed record its name, its value, the number of its change and its place.
local function changes(after, word)
  if redis.call('GET', p .. 'word') ~= word then return 'OTHER' end
  local last, purged = redis.call('GET', p .. 'version') or '0', redis.call('GET', p .. 'purged') or '0'
  if last == after then return false end
  local whole = after == '' or less(after, purged) or less(last, after)
  local found = {}
  each_chunk(redis.call('ZRANGEBYSCORE', p .. 'changed', whole and '-inf' or '(' .. after, '+inf'), function(...)
    local values = redis.call('HMGET', p .. 'records', ...)
    for at, name in ipairs({...}) do
      found[#found + 1] = {
        name, values[at], redis.call('ZSCORE', p .. 'changed', name), redis.call('ZSCORE', p .. 'places', name)
      }
    end
  end)
  return {last, whole and 1 or 0, found}
end
local function reset(login)
  each_chunk(redis.call('ZRANGE', p .. 'of:' .. login, 0, -1), function(...)
    redis.call('HDEL', p .. 'tasks', ...)
    redis.call('HDEL', p .. 'stubs', ...)
    redis.call('ZREM', p .. 'ids', ...)
  end)
  redis.call('UNLINK', p .. 'of:' .. login, p .. 'ready:' .. login, p .. 'samples:' .. login)
  redis.call('SREM', p .. 'owners', login)
  redis.call('SREM', p .. 'sampled', login)
  redis.call('HDEL', p .. 'windows', login)
  redis.call('HDEL', p .. 'used', login)
  redis.call('HDEL', p .. 'creates', login)
  redis.call('HDEL', p .. 'clocks', 'login:' .. login)
end
local function reset_all()
  for _, login in ipairs(redis.call('SMEMBERS', p .. 'owners')) do
    redis.call('UNLINK', p .. 'of:' .. login, p .. 'ready:' .. login)
  end
  for _, login in ipairs(redis.call('SMEMBERS', p .. 'sampled')) do redis.call('UNLINK', p .. 'samples:' .. login) end
  for _, name in ipairs({
    'owners', 'sampled', 'tasks', 'stubs', 'ids', 'used', 'creates', 'clocks', 'windows'
  }) do
    redis.call('UNLINK', p .. name)
  end
end
"""

OPEN = Script(
    _SHARED
    + """
-- ARGV: the format, the highest id that this process knows to be given out, a word of its own for a state that is made
-- now, and how many ids others may have given out since. Gives the format that is there, whether it was made now, and
-- its word.
local made = redis.call('SET', p .. 'format', ARGV[1], 'NX')
redis.call('SET', p .. 'word', ARGV[3], 'NX')
local last = redis.call('GET', p .. 'last') or '0'
if less(last, ARGV[2]) then
  redis.call('SET', p .. 'last', ARGV[2])
  redis.call('INCRBY', p .. 'last', ARGV[4])
end
return {redis.call('GET', p .. 'format'), made and 1 or 0, redis.call('GET', p .. 'word')}
"""
)

UNDO = Script(
    _SHARED
    + """
-- ARGV: process, number of a step that may have been done, or nothing; of each task that it has made its id (empty:
-- what the step gave), login, day, cost and ready. The step is not done later on. Gives whether it was done; then its
-- tasks and their charges are taken back.
local process, number, given = ARGV[1], ARGV[2], false
if number ~= '' then
  local step = redis.call('HMGET', p .. 'process:' .. process, 'number', 'given')
  redis.call('HSET', p .. 'process:' .. process, 'void', number)
  redis.call('EXPIRE', p .. 'process:' .. process, 86400)
  if not step[1] or less(step[1], number) then return 0 end
  if step[1] ~= number then return 1 end  -- the next one was sent behind it, and done
  given = step[2]
end
for at = 3, #ARGV, 5 do
  local id, login = ARGV[at], ARGV[at + 1]
  if id == '' then id = given end
  if redis.call('HEXISTS', p .. 'tasks', id) == 1 then
    drop_task(id, login, ARGV[at + 4])
    if redis.call('HGET', p .. 'day', login) == ARGV[at + 2] then
      redis.call('HINCRBY', p .. 'used', login, -ARGV[at + 3])
    end
    redis.call('HINCRBY', p .. 'creates', login, -1)
  end
end
return 1
"""
)

LOCK = Script(
    _SHARED
    + """
-- ARGV: token, milliseconds. Gives nothing where another holds the lock.
if redis.call('GET', p .. 'lock') == ARGV[1] then return 1 end  -- asked again
return redis.call('SET', p .. 'lock', ARGV[1], 'NX', 'PX', ARGV[2])
"""
)

UNLOCK = Script(
    _SHARED
    + """
-- ARGV: token.
if redis.call('GET', p .. 'lock') == ARGV[1] then redis.call('DEL', p .. 'lock') end
"""
)

COMMIT = Script(
    _SHARED
    + """
-- ARGV: token, process, number, and of each write the count of its words and the words. Gives DONE, else why not.
if done_before(ARGV[2], ARGV[3]) then return done_before(ARGV[2], ARGV[3]) end
if redis.call('GET', p .. 'lock') ~= ARGV[1] then return 'LOST' end
local own = {
  keep_task = keep_task, reset = reset, reset_all = reset_all, put_record = put_record, drop_record = drop_record,
  clear_records = clear_records, clear_ring = clear_ring, clear_journal = clear_journal,
}
local at = 4
while at <= #ARGV do
  local words, name = tonumber(ARGV[at]), ARGV[at + 1]
  if own[name] then
    own[name](unpack(ARGV, at + 2, at + words))
  else
    redis.call(name, p .. ARGV[at + 2], unpack(ARGV, at + 3, at + words))
  end
  at = at + words + 1
end
redis.call('DEL', p .. 'lock')
note(ARGV[2], ARGV[3], 'DONE')
return 'DONE'
""",
    writes=True,
)

CREATE = Script(
    _SHARED
    + """
-- ARGV: process, number, login, day, cost, text of the task, ready, stub; where it goes by what was read before: the
-- number of the last change that was known, the word of the state, and how many tasks the account has made, or nothing.
-- Gives the id, the units used, and the number of tasks; else why there is none.
local process, number, login, day, cost = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local before = done_before(process, number)
if before then return before end
if redis.call('EXISTS', p .. 'lock') == 1 then return 'LOCKED' end
if ARGV[9] then
  local word, version = redis.call('GET', p .. 'word'), redis.call('GET', p .. 'version') or '0'
  if word ~= ARGV[10] or version ~= ARGV[9] then return 'STALE' end
end
local known = account(login)
if known and (ARGV[11] or '') ~= '' and known[5] ~= ARGV[11] then return 'STALE' end
if not known then return 'NOBODY' end
local limit = string.match(known[2], '^%[(%d+)')
local same_day = known[3] == day
local used = same_day and known[4] or '0'
if not less(used, limit) then return {used, limit} end
if same_day then
  redis.call('HINCRBY', p .. 'used', login, cost)  -- fails beyond 64 bits, before anything is written
else
  redis.call('HSET', p .. 'used', login, cost)
  redis.call('HSET', p .. 'day', login, day)
end
local creates = redis.call('HINCRBY', p .. 'creates', login, 1)
local id = tostring(redis.call('INCR', p .. 'last'))
keep_task(id, login, ARGV[6], ARGV[7], ARGV[8])
note(process, number, id)
return {id, redis.call('HGET', p .. 'used', login), tostring(creates)}
""",
    writes=True,
)

OLDEST = Script(
    _SHARED
    + """
-- ARGV: an id, a number. Gives so many of the tasks up to that id, each with its text.
return task_texts(redis.call('ZRANGEBYSCORE', p .. 'ids', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2]))
"""
)

FORGET = Script(
    _SHARED
    + """
-- ARGV: of each task its id, login, ready and text. Those that have changed since stay.
for at = 1, #ARGV, 4 do
  if redis.call('HGET', p .. 'tasks', ARGV[at]) == ARGV[at + 3] then drop_task(ARGV[at], ARGV[at + 1], ARGV[at + 2]) end
end
""",
    writes=True,
)

LOOK = Script(
    _SHARED
    + """
-- ARGV: a login and the id of a task, either may be empty; and as the function changes takes them, where changes are
-- asked for. Gives these, the server's clock, the account, its clock, the text of the task, its stub.
local login, id, clocks = ARGV[1], ARGV[2], p .. 'clocks'
return {
  ARGV[3] and changes(ARGV[3], ARGV[4]) or false, redis.call('HGET', clocks, 'server'), account(login),
  redis.call('HGET', clocks, 'login:' .. login), id ~= '' and redis.call('HGET', p .. 'tasks', id),
  id ~= '' and redis.call('HGET', p .. 'stubs', id)
}
"""
)

ACCOUNTS = Script(
    _SHARED
    + """
-- ARGV: the index that holds the accounts, the first place, the last place.
local found = {}
for _, login in ipairs(redis.call('ZRANGE', p .. ARGV[1], ARGV[2], ARGV[3])) do
  found[#found + 1] = account(login) or nil
end
return found
"""
)

TASKS = Script(
    _SHARED
    + """
-- ARGV: the index that holds the ids, the first place, the last place, 1 where places count from the newest.
local command = ARGV[4] == '1' and 'ZREVRANGE' or 'ZRANGE'
return task_texts(redis.call(command, p .. ARGV[1], ARGV[2], ARGV[3]))
"""
)

NEXT_READY = Script(
    _SHARED
    + """
-- ARGV: the time, and a login; without it, of all accounts that have no clock of their own.
local function next_of(login)
  return redis.call('ZRANGEBYLEX', p .. 'ready:' .. login, '(' .. ARGV[1] .. ';', '+', 'LIMIT', 0, 1)[1]
end
if ARGV[2] then return next_of(ARGV[2]) end
local earliest = false
for _, login in ipairs(redis.call('SMEMBERS', p .. 'owners')) do
  if redis.call('HEXISTS', p .. 'accounts', login) == 1
      and redis.call('HEXISTS', p .. 'clocks', 'login:' .. login) == 0 then
    local found = next_of(login)
    if found and (not earliest or found < earliest) then earliest = found end
  end
end
return earliest
"""
)

CHANGES = Script(
    _SHARED
    + """
-- ARGV: as of the function changes, whose result it gives.
return changes(ARGV[1], ARGV[2])
"""
)

COUNT_CALL = Script(
    _SHARED
    + """
-- ARGV: login, now, period. Gives the start of the window, and how many calls were in it before.
local start, count = string.match(redis.call('HGET', p .. 'windows', ARGV[1]) or '', '(%S+) (%S+)')
local now = tonumber(ARGV[2])
if not start or now < tonumber(start) or now >= tonumber(start) + tonumber(ARGV[3]) then
  start, count = ARGV[2], '0'
end
redis.call('HSET', p .. 'windows', ARGV[1], start .. ' ' .. (tonumber(count) + 1))
return {start, count}
"""
)

NEXT_SAMPLE = Script(
    _SHARED
    + """
-- ARGV: login, purpose.
redis.call('SADD', p .. 'sampled', ARGV[1])
return redis.call('HINCRBY', p .. 'samples:' .. ARGV[1], ARGV[2], 1)
"""
)

RECORD = Script(
    _SHARED
    + """
-- ARGV: process, number, the entries that one account has at most and all have, bytes of bodies, accounts that are
-- remembered, whether entries are missing, the number of counts; of each its name and its number; of each entry its
-- owner, its text, its body and the bytes of that. Gives the number of the last entry.
if ARGV[1] ~= '' then
  if done_before(ARGV[1], ARGV[2]) then return done_before(ARGV[1], ARGV[2]) end
end
local size, most, bytes, remembered = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local journal, numbers, rings, emptied = p .. 'journal', p .. 'numbers', p .. 'rings', p .. 'emptied'
if ARGV[7] == '1' then redis.call('HSET', journal, 'forgotten', 1) end
local at = 9
for _ = 1, tonumber(ARGV[8]) do
  redis.call('HINCRBY', p .. 'calls', ARGV[at], ARGV[at + 1])
  at = at + 2
end
local function drop_oldest(owner)
  local lost, number = p .. 'lost:' .. owner, redis.call('ZPOPMIN', p .. 'ring:' .. owner)[1]
  local kind, time = string.match(redis.call('HGET', p .. 'entries', number), '^([^\\n]*)\\n([^\\n]*)\\n')
  redis.call('HDEL', p .. 'entries', number)
  redis.call('ZREM', numbers, number)
  redis.call('HINCRBY', lost, kind, 1)
  redis.call('HSET', lost, 'number', number)
  if less(redis.call('HGET', lost, 'until') or '0', time) then redis.call('HSET', lost, 'until', time) end
end
local function empty_idlest()
  local owner = redis.call('ZRANGE', rings, 0, 0)[1]
  redis.call('ZADD', emptied, redis.call('ZSCORE', rings, owner), owner)
  redis.call('ZREM', rings, owner)
  while redis.call('ZCARD', p .. 'ring:' .. owner) > 0 do drop_oldest(owner) end
  if redis.call('ZCARD', emptied) > remembered then
    redis.call('UNLINK', p .. 'lost:' .. redis.call('ZPOPMIN', emptied)[1])
    redis.call('HSET', journal, 'forgotten', 1)
  end
end
local function add_body(number, body, length)
  redis.call('HSET', p .. 'bodies', number, body)
  redis.call('RPUSH', p .. 'body-order', number .. ':' .. length)
  local sum = redis.call('HINCRBY', journal, 'bytes', length)
  while sum > bytes or redis.call('LLEN', p .. 'body-order') > redis.call('ZCARD', numbers) do
    local old, long = string.match(redis.call('LPOP', p .. 'body-order'), '(%d+):(%d+)')
    redis.call('HDEL', p .. 'bodies', old)
    sum = redis.call('HINCRBY', journal, 'bytes', -long)
  end
end
while at <= #ARGV do
  local owner, ring = ARGV[at], p .. 'ring:' .. ARGV[at]
  while redis.call('ZCARD', ring) >= size do drop_oldest(owner) end
  local number = redis.call('HINCRBY', journal, 'last', 1)
  redis.call('HSET', p .. 'entries', number, ARGV[at + 1])
  redis.call('ZADD', ring, number, number)
  redis.call('ZADD', numbers, number, number)
  redis.call('ZADD', rings, number, owner)
  redis.call('ZREM', emptied, owner)
  if redis.call('ZCARD', numbers) > most then empty_idlest() end
  if ARGV[at + 3] ~= '0' then add_body(number, ARGV[at + 2], ARGV[at + 3]) end
  at = at + 4
end
local last = redis.call('HGET', journal, 'last') or '0'
if ARGV[1] ~= '' then note(ARGV[1], ARGV[2], last) end
return last
""",
    in_passing=True,
)

LAST_ENTRY = Script(
    _SHARED
    + """
return redis.call('HGET', p .. 'journal', 'last') or '0'
"""
)

NUMBERS = Script(
    _SHARED
    + """
-- ARGV: the index that holds the numbers, the number before the first, the number behind the last, whether the newest
-- come first, how many. Gives the numbers in one text, with a space between two.
local low, high, command = '(' .. ARGV[2], '(' .. ARGV[3], 'ZRANGEBYSCORE'
if ARGV[4] == '1' then low, high, command = high, low, 'ZREVRANGEBYSCORE' end
return table.concat(redis.call(command, p .. ARGV[1], low, high, 'LIMIT', 0, ARGV[5]), ' ')
"""
)

ENTRIES = Script(
    _SHARED
    + """
-- ARGV: numbers. Gives the texts of those that are kept, and in place of the others nothing.
local found = {}
each_chunk(ARGV, function(...)
  for _, text in ipairs(redis.call('HMGET', p .. 'entries', ...)) do found[#found + 1] = text or '' end
end)
return found
"""
)

BODIES_KEPT = Script(
    _SHARED
    + """
local found = {}
for _, word in ipairs(redis.call('LRANGE', p .. 'body-order', 0, -1)) do
  local number = string.match(word, '%d+')
  found[#found + 1] = number
  found[#found + 1] = redis.call('HGET', p .. 'bodies', number)
end
return found
"""
)

LOST = Script(
    _SHARED
    + """
-- ARGV: an owner; without one, of all. Gives whether some were forgotten, and what is known of each owner's.
local owners = {ARGV[1]}
if not ARGV[1] then
  for _, index in ipairs({'rings', 'emptied'}) do
    for _, owner in ipairs(redis.call('ZRANGE', p .. index, 0, -1)) do owners[#owners + 1] = owner end
  end
elseif not redis.call('ZSCORE', p .. 'rings', ARGV[1]) and not redis.call('ZSCORE', p .. 'emptied', ARGV[1]) then
  owners = {}
end
local found = {}
for _, owner in ipairs(owners) do found[#found + 1] = redis.call('HGETALL', p .. 'lost:' .. owner) end
return {redis.call('HEXISTS', p .. 'journal', 'forgotten'), found}
"""
)
