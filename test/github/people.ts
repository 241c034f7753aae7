/** Somebody, as GitHub shows them. */
export function person(login: string, type: "User" | "Bot" = "User"): Record<string, unknown> {
  const api = `https://api.github.com/users/${encodeURIComponent(login)}`;
  return {
    login,
    id: 1,
    node_id: "U_1",
    avatar_url: api,
    gravatar_id: "",
    url: api,
    html_url: api,
    followers_url: api,
    following_url: api,
    gists_url: api,
    starred_url: api,
    subscriptions_url: api,
    organizations_url: api,
    repos_url: api,
    events_url: api,
    received_events_url: api,
    type,
    site_admin: false,
  };
}
