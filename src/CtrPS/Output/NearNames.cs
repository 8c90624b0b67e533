namespace CtrPS.Output;

/// <summary>What somebody may have meant who mistyped a name.</summary>
internal static class NearNames
{
    /// <summary>Longer texts are no typing errors.</summary>
    private const int MaxLength = 256;

    /// <summary>Letters that may be wrong in a long name.</summary>
    private const int MaxDistance = 3;

    /// <summary>The things whose name is nearest to what was given.</summary>
    /// <param name="given">What was typed.</param>
    /// <param name="things">What is there.</param>
    /// <param name="forms">The ways to write a thing's name.</param>
    /// <returns>All that are equally near. Empty where nothing is near.</returns>
    public static IReadOnlyList<T> Of<T>(string given, IEnumerable<T> things, Func<T, IEnumerable<string>> forms)
    {
        if (given.Length > MaxLength)
        {
            return [];
        }

        int limit = Math.Clamp(given.Length / 3, 1, MaxDistance);
        var near = new List<T>();
        foreach (T thing in things)
        {
            int distance = forms(thing)
                .Where(form => Math.Abs(form.Length - given.Length) <= limit)
                .Select(form => Distance(given, form))
                .DefaultIfEmpty(int.MaxValue)
                .Min();
            if (distance < limit)
            {
                near.Clear();
                limit = distance;
            }

            if (distance == limit)
            {
                near.Add(thing);
            }
        }

        return near;
    }

    /// <summary>
    /// Letters to add, take away, change or swap with the next one (the optimal string alignment distance), whatever their case.
    /// </summary>
    internal static int Distance(string one, string other)
    {
        int[] before = [];
        int[] above = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int[] row = new int[other.Length + 1];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int changed = above[j - 1] + (Same(one[i - 1], other[j - 1]) ? 0 : 1);
                row[j] = Math.Min(changed, Math.Min(above[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && Same(one[i - 1], other[j - 2]) && Same(one[i - 2], other[j - 1]))
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, above) = (above, row);
        }

        return above[other.Length];
    }

    private static bool Same(char one, char other) => char.ToLowerInvariant(one) == char.ToLowerInvariant(other);
}
