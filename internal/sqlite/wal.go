package sqlite

const frameHeader = 24
