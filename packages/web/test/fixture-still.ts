/** A picture of a camera over a door: two persons, grey. */
export const stillOfDoor = `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="900" viewBox="0 0 1600 900"><rect width="1600" height="900" fill="#9aa5a8"/>
  <rect x="600" y="150" width="400" height="650" fill="#cfd6d8"/><circle cx="500" cy="330" r="60" fill="#5b6468"/>
  <rect x="430" y="400" width="140" height="330" rx="40" fill="#5b6468"/><circle cx="1150" cy="350" r="55" fill="#454d50"/>
  <rect x="1085" y="415" width="130" height="320" rx="40" fill="#454d50"/></svg>`;
