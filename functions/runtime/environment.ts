/** A variable that the stack sets for its functions. Throws where it is not set. */
export const environment = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`The environment variable ${name} is not set: deploy the function with its stack.`);
  return value;
};
