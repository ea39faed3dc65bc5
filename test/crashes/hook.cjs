'use strict';

/**
 * Preloaded into the process of a handler: counts what that process changes outside of itself, and dies at one of
 * these points.
 *
 * FETTLE_CRASH is JSON: `log` (a file that gets a line for each point), and for a death `at` (the number of the point,
 * from 1), `phase`, and `kills`, the processes to kill: `self`, or the number of another one.
 */
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const order = JSON.parse(process.env.FETTLE_CRASH);
delete process.env.FETTLE_CRASH;
const { existsSync, readlinkSync, writeSync } = fs;
const log = order.log ? fs.openSync(order.log, 'a') : undefined;
let count = 0;

function die() {
  for (const victim of order.kills) {
    try {
      process.kill(victim === 'self' ? process.pid : victim, 'SIGKILL');
    } catch (gone) {
      if (gone.code !== 'ESRCH') throw gone;
    }
  }
}

/** Counts a point; gives the phase in which to die at it, if it is the one. */
function point(kind, what, phases) {
  count += 1;
  if (log !== undefined) writeSync(log, `${JSON.stringify({ kind, what, phases })}\n`);
  return count === order.at ? order.phase : undefined;
}

// Sockets

const isOutside = (socket) => socket.remoteAddress !== undefined;
const send = net.Socket.prototype._writeGeneric;
net.Socket.prototype._writeGeneric = function (isMany, data, encoding, done) {
  // Before it is connected a socket comes back here with the same data.
  if (this.connecting || !isOutside(this)) return send.call(this, isMany, data, encoding, done);
  const chunks = isMany ? data : [{ chunk: data, encoding }];
  const bytes = Buffer.concat(
    chunks.map(({ chunk, encoding: own }) => (typeof chunk === 'string' ? Buffer.from(chunk, own) : chunk)),
  );
  const what = bytes
    .toString('latin1')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 80);
  const phase = point('socket', what, ['before', 'half', 'sent', 'answered']);
  if (phase === 'before') die();
  if (phase === 'half') return send.call(this, false, bytes.subarray(0, bytes.length >> 1), 'buffer', die);
  if (phase === 'answered') {
    const { emit } = this;
    this.emit = function (event, ...rest) {
      if (event === 'data') die();
      return emit.call(this, event, ...rest);
    };
  }
  return send.call(this, isMany, data, encoding, (...answer) => {
    if (phase === 'sent') die();
    done(...answer);
  });
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  const phase = point('connect', '', ['before', 'after']);
  if (phase === 'before') die();
  if (phase === 'after') this.prependOnceListener('connect', die);
  return connect.apply(this, given);
};

// Files

const OPEN_PATHS = new WeakMap();

function realPath(name) {
  const text = Buffer.isBuffer(name) ? name.toString('latin1') : name instanceof URL ? name.pathname : String(name);
  const [, fd, rest] = /^\/proc\/self\/fd\/(\d+)\/(.*)$/s.exec(text) ?? [];
  return fd === undefined ? path.resolve(text) : path.join(readlinkSync(`/proc/self/fd/${fd}`), rest);
}

const kindOf = (name) => (order.store && name.startsWith(`${order.store}/`) ? 'store' : 'file');
const shortly = (name) => name.replace(`${order.store}/`, '').slice(-80);

function halvesOf(data) {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data);
  return [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
}

/** `inHalves` does the same in two goes, and the second comes only where somebody else died: this process goes on then. */
async function changing(verb, name, { whole, inHalves }) {
  const phases = inHalves ? ['before', 'half', 'after'] : ['before', 'after'];
  const phase = point(kindOf(name), `${verb} ${shortly(name)}`, phases);
  if (phase === 'before') die();
  if (phase === 'half') {
    const [first, second] = inHalves;
    await first();
    die();
    return second();
  }
  const answer = await whole();
  if (phase === 'after') die();
  return answer;
}

const writesTo = (flags) =>
  typeof flags === 'number' ? (flags & (fs.constants.O_CREAT | fs.constants.O_TRUNC)) !== 0 : /[wa]/.test(flags ?? 'r');
// A folder that is there, or a name that is not, is no change.
const changesNothing = (verb, name) => (verb === 'mkdir' && existsSync(name)) || (verb === 'rm' && !existsSync(name));

for (const verb of [
  'chmod',
  'chown',
  'copyFile',
  'cp',
  'link',
  'lutimes',
  'mkdir',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'truncate',
  'unlink',
  'utimes',
]) {
  const original = fs.promises[verb];
  fs.promises[verb] = async (...given) => {
    const name = realPath(
      verb === 'link' || verb === 'rename' || verb === 'copyFile' || verb === 'cp' ? given[1] : given[0],
    );
    const whole = () => original(...given);
    return changesNothing(verb, name) ? whole() : changing(verb, name, { whole });
  };
}
for (const verb of ['appendFile', 'writeFile']) {
  const original = fs.promises[verb];
  fs.promises[verb] = async (name, data, ...rest) => {
    if (typeof name === 'object' && 'fd' in name) return name[verb](data, ...rest);
    const whole = () => original(name, data, ...rest);
    const [first, second] = halvesOf(data);
    const append = () => original(name, second, ...rest);
    return changing(verb, realPath(name), {
      whole,
      inHalves: [() => original(name, first, ...rest), verb === 'appendFile' ? append : whole],
    });
  };
}

const { open } = fs.promises;
fs.promises.open = async (name, flags, ...rest) => {
  const at = realPath(name);
  const whole = async () => {
    const handle = await open(name, flags, ...rest);
    OPEN_PATHS.set(handle, at);
    wrapHandles(Object.getPrototypeOf(handle));
    return handle;
  };
  return writesTo(flags) ? changing('open', at, { whole }) : whole();
};

let areWrapped = false;
function wrapHandles(prototype) {
  if (areWrapped) return;
  areWrapped = true;
  for (const verb of ['appendFile', 'chmod', 'chown', 'truncate', 'utimes', 'write', 'writeFile', 'writev']) {
    const original = prototype[verb];
    const hasHalf = ['appendFile', 'write', 'writeFile'].includes(verb);
    prototype[verb] = function (data, ...rest) {
      const halves = hasHalf ? halvesOf(data) : [];
      return changing(`handle.${verb}`, OPEN_PATHS.get(this) ?? '', {
        whole: () => original.call(this, data, ...rest),
        ...(hasHalf && { inHalves: halves.map((part) => () => original.call(this, part)) }),
      });
    };
  }
}

// Not used by the product today; whoever uses them is counted too.
for (const verb of ['linkSync', 'mkdirSync', 'renameSync', 'rmSync', 'unlinkSync', 'writeFileSync']) {
  const original = fs[verb];
  fs[verb] = (...given) => {
    const name = realPath(verb === 'linkSync' || verb === 'renameSync' ? given[1] : given[0]);
    if (changesNothing(verb.replace('Sync', ''), name)) return original(...given);
    const phase = point(kindOf(name), `${verb} ${shortly(name)}`, ['before', 'after']);
    if (phase === 'before') die();
    const answer = original(...given);
    if (phase === 'after') die();
    return answer;
  };
}
require('node:module').syncBuiltinESMExports();
