/**
 * Gives this process these environment variables and no other. Assigning `process.env` itself would leave the tests that run after
 * in the same process with an object that Node's own functions, such as `os.tmpdir`, do not read.
 */
export function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (variables[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) process.env[name] = value;
}
