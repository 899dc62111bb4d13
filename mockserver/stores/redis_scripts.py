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
local function reset(login)
  each_chunk(redis.call('ZRANGE', p .. 'of:' .. login, 0, -1), function(...)
    redis.call('HDEL', p .. 'tasks', ...)
    redis.call('HDEL', p .. 'stubs', ...)
    redis.call('ZREM', p .. 'ids', ...)
  end)
  redis.call('UNLINK', p .. 'of:' .. login, p .. 'ready:' .. login)
  redis.call('SREM', p .. 'owners', login)
  redis.call('HDEL', p .. 'used', login)
  redis.call('HDEL', p .. 'creates', login)
  redis.call('HDEL', p .. 'clocks', 'login:' .. login)
end
local function reset_all()
  for _, login in ipairs(redis.call('SMEMBERS', p .. 'owners')) do
    redis.call('UNLINK', p .. 'of:' .. login, p .. 'ready:' .. login)
  end
  for _, name in ipairs({'owners', 'tasks', 'stubs', 'ids', 'used', 'creates', 'clocks'}) do
    redis.call('UNLINK', p .. name)
  end
end
"""

OPEN = Script(
    _SHARED
    + """
-- ARGV: the format, the lowest id that may be given next. Gives the format that is there, and whether it was made now.
local made = redis.call('SET', p .. 'format', ARGV[1], 'NX')
local last = redis.call('GET', p .. 'last') or '0'
if less(last, ARGV[2]) then redis.call('SET', p .. 'last', ARGV[2]) end
return {redis.call('GET', p .. 'format'), made and 1 or 0}
"""
)

UNDO = Script(
    _SHARED
    + """
-- ARGV: process, number of a step that may have been done, login, day, cost, ready. It is not done later on, and where
-- it has made a task, that and its charge are taken back.
local step = redis.call('HMGET', p .. 'process:' .. ARGV[1], 'number', 'given')
redis.call('HSET', p .. 'process:' .. ARGV[1], 'void', ARGV[2])
redis.call('EXPIRE', p .. 'process:' .. ARGV[1], 86400)
if step[1] ~= ARGV[2] or ARGV[3] == '' then return step[1] == ARGV[2] and 1 or 0 end
local id, login = step[2], ARGV[3]
if redis.call('HEXISTS', p .. 'tasks', id) == 0 then return 0 end
drop_task(id, login, ARGV[6])
if redis.call('HGET', p .. 'day', login) == ARGV[4] then redis.call('HINCRBY', p .. 'used', login, -ARGV[5]) end
redis.call('HINCRBY', p .. 'creates', login, -1)
return 1
"""
)

LOCK = Script(
    _SHARED
    + """
-- ARGV: token, milliseconds. Gives the number of the last change, nothing where another holds the lock.
if not redis.call('SET', p .. 'lock', ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
return redis.call('GET', p .. 'version') or '0'
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
local own = {keep_task = keep_task, reset = reset, reset_all = reset_all}
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
-- ARGV: process, number, login, day, cost, text of the task, ready, stub. Gives the id, else why there is none.
local process, number, login, day, cost = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local before = done_before(process, number)
if before then return before end
if redis.call('EXISTS', p .. 'lock') == 1 then return 'LOCKED' end
local known = account(login)
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
redis.call('HINCRBY', p .. 'creates', login, 1)
local id = tostring(redis.call('INCR', p .. 'last'))
keep_task(id, login, ARGV[6], ARGV[7], ARGV[8])
note(process, number, id)
return id
""",
    writes=True,
)

LOOK = Script(
    _SHARED
    + """
-- ARGV: the number of logins, the logins, ids of tasks. Gives the server's clock; of each login its account and its
-- clock; of each task its text and its stub.
local logins, clocks = tonumber(ARGV[1]), p .. 'clocks'
local found = {redis.call('HGET', clocks, 'server'), {}, {}}
for at = 2, #ARGV do
  if at <= logins + 1 then
    local own = redis.call('HGET', clocks, 'login:' .. ARGV[at])
    found[2][at - 1] = {account(ARGV[at]), own}
  else
    found[3][at - 1 - logins] = {redis.call('HGET', p .. 'tasks', ARGV[at]), redis.call('HGET', p .. 'stubs', ARGV[at])}
  end
end
return found
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
-- ARGV: the index that holds the ids, the first place, the last place.
return task_texts(redis.call('ZRANGE', p .. ARGV[1], ARGV[2], ARGV[3]))
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
