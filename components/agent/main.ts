#!/usr/bin/env node
import { main, runCommand } from './cli.ts';

const terminated = new Promise<void>((resolve) => {
  // Further signals change nothing: requests under way are waited for.
  process.on('SIGTERM', () => resolve());
  process.on('SIGINT', () => resolve());
});

// Not awaited: the program is also built as a CommonJS script, where there is no await outside of functions.
void main(process.argv.slice(2), {
  env: process.env,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  run: runCommand,
  terminated,
}).then((code) => (process.exitCode = code));
