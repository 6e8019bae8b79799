/** Kinds of persons as the server names them. */
export const subjectWords: Readonly<Record<string, string>> = {
  customer: "Customer",
  employee: "Employee",
  reporter: "Reporter",
  other: "Somebody else",
};
