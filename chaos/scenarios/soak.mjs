export const number = 11;
export const title = "soak";
export const longOnly = true;
export async function run() {}
