using System.Runtime.CompilerServices;

namespace CtrPS;

/// <summary>
/// Copies of objects that users cannot change. They are no records: those have setters and a copying method that PowerShell shows and calls.
/// Setters are internal, as the compiler's <c>required</c> would make them public; the tests ask for what is never null.
/// </summary>
internal static class Copies
{
    /// <summary>A copy that differs.</summary>
    /// <param name="one">The object, which stays as it is.</param>
    /// <param name="change">Changes the copy.</param>
    public static T With<T>(this T one, Action<T> change)
        where T : class
    {
        var copy = (T)CopyOf(one);
        change(copy);
        return copy;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "MemberwiseClone")]
    private static extern object CopyOf(object one);
}
