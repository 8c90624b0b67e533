namespace CtrPS.Rig.Registry;

/// <summary>Someone whom the token server knows.</summary>
/// <param name="Name">The user.</param>
/// <param name="Password">The password; kept out of the text.</param>
public sealed record TokenUser(string Name, string Password)
{
    /// <summary>Repositories and what may be done there: <c>["library/*"] = "pull,push"</c>, <c>["*"] = "pull"</c>. All that fit count.</summary>
    public IReadOnlyDictionary<string, string> Rights { get; init; } = new Dictionary<string, string> { ["*"] = "pull,push,delete,*" };

    public override string ToString() => Name;
}
