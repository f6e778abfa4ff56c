/**
 * Replaces the environment variables of this process. Assigning `process.env` itself would affect later tests in the same process:
 * Node's functions, such as `os.tmpdir`, would not read the new object.
 */
export function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (variables[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) process.env[name] = value;
}
