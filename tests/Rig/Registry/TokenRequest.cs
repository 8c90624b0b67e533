namespace CtrPS.Rig.Registry;

/// <summary>What a client asked the token server for. Its password is kept nowhere.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Grant">With POST: password, refresh_token. Null with GET.</param>
/// <param name="HasAuthorization">The header Authorization was there.</param>
/// <param name="User">Who it turned out to be. Null: nobody, or refused.</param>
/// <param name="Service">For which registry.</param>
/// <param name="Scopes">For which rights, one a repository.</param>
/// <param name="Granted">Which of them are in the token.</param>
/// <param name="ClientId">With POST: how the client names itself.</param>
/// <param name="WantsRefreshToken">It asked for a token that stands for the password.</param>
/// <param name="Status">What was answered.</param>
public sealed record TokenRequest(
    string Method,
    string? Grant,
    bool HasAuthorization,
    string? User,
    string? Service,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> Granted,
    string? ClientId,
    bool WantsRefreshToken,
    int Status);
