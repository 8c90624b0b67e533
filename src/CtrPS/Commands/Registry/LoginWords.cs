using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>What the cmdlets about logins say.</summary>
internal static class LoginWords
{
    private const int MaxHints = 3;

    /// <summary>Where a login is kept.</summary>
    public static string Of(CtrRegistryLogin place) =>
        place.Helper is { } helper ? $"the credential helper '{helper}'" : $"the file '{place.File}'";

    /// <summary>Nobody is logged in, and which names are near.</summary>
    public static CtrException NotFound(string given, IEnumerable<string> names)
    {
        string[] near = [.. NearNames.Of(given, names.Distinct(), name => [name]).Take(MaxHints)];
        string hint = near.Length == 0 ? "" : $" Did you mean {string.Join(", ", near.Select(one => $"'{one}'"))}?";
        return new CtrException(CtrErrorIds.LoginNotFound, CtrStatus.NotFound, $"Nobody is logged in at '{given}'.{hint}")
        {
            Target = given,
            RecommendedAction = "List the logins with Get-CtrRegistry, or log in with Connect-CtrRegistry.",
        };
    }
}
